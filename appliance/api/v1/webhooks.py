"""Webhooks: where the customer's systems hear of events, and what became of each delivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.here import blueprint_for, on_record
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Page, Strict, WordPage, as_shape, part_by_word
from appliance.api.v1.tags import ETAG, Precondition, asks_version, etag_of, one_answer
from appliance.domain.audit import Audit
from appliance.domain.events import KINDS
from appliance.domain.refusals import InvalidError
from appliance.domain.roles import CONNECT_PROGRAMS
from appliance.domain.users import Users
from appliance.domain.webhooks import HOLDS_UP, MOST_AT_ONCE, Delivery, Webhook, Webhooks
from appliance.domain.work import UnknownError

_EDITED = ("name", "url", "kinds", "active", "batch_size")


_BATCH = (
    f"Events in one request, 1 to {MOST_AT_ONCE}. With 1 the body is an event; with more it is "
    '`{"type": "events", "timestamp": …, "data": {"events": [EVENT, …]}}`, and a distant system '
    "hears of more in a second."
)


class HookPath(Shape):
    """In the path."""

    webhook: str = Field(max_length=32)


class DeliveryPath(HookPath):
    """In the path."""

    delivery: int = Field(ge=1, le=2**31 - 1)


class HookBody(Strict):
    """A new webhook; it hears of what happens from now on."""

    name: str = Field(min_length=1, max_length=100, examples=["CRM"])
    url: str = Field(min_length=1, max_length=2000, examples=["https://crm.example.org/hook"])
    kinds: list[str] = Field(
        default=["*"], min_length=1, max_length=100,
        description="`conversation.end`, `conversation.*` or `*`; see docs/events.md.",
    )  # fmt: skip
    batch_size: int = Field(1, ge=1, le=MOST_AT_ONCE, description=_BATCH)


class HookEdit(Strict):
    """What shall be different; whatever is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=100)
    url: str | None = Field(None, min_length=1, max_length=2000)
    kinds: list[str] | None = Field(None, min_length=1, max_length=100)
    active: bool | None = None
    batch_size: int | None = Field(None, ge=1, le=MOST_AT_ONCE, description=_BATCH)


class HookShape(Shape):
    """A webhook."""

    id: str
    name: str
    url: str
    kinds: list[str]
    batch_size: int = Field(description=_BATCH)
    active: bool
    created_at: datetime
    failing_since: datetime | None
    disabled_why: str = Field(description="Why it was turned off by itself; empty: it was not.")
    etag: str = Field(description=ETAG)


class NewHook(HookShape):
    """A webhook that was made."""

    secret: str = Field(description="Told once: what its signatures are made with.")


class Secret(Shape):
    """In place of the old one, which is worth nothing from now on."""

    secret: str


class HookList(Shape):
    """Some of them, by id; `cursor` is the next page's `after`, empty at the end."""

    items: list[HookShape]
    cursor: str


class DeliveryShape(Shape):
    """One event for one webhook."""

    id: int
    event: int
    kind: str
    made_at: datetime
    due_at: datetime | None = Field(description="When it is tried; null: done, or given up.")
    attempts: int = Field(
        description="How often it was tried; of one that holds up those behind it, no more than "
        f"{HOLDS_UP} are counted."
    )
    answered: int | None = Field(description="The status of the last answer.")
    trouble: str
    done_at: datetime | None


class DeliveryList(Shape):
    """Newest first; `cursor` is the next page's `after`, 0 at the end."""

    items: list[DeliveryShape]
    cursor: int


def webhooks(users: Users, audit: Audit, kept: Webhooks, most: Callable[[], int]) -> APIBlueprint:
    """The blueprint; at most so many are taken."""
    about = "Where the customer's systems hear of events."
    blueprint = blueprint_for("webhooks", "/webhooks", about, users, CONNECT_PROGRAMS)

    @blueprint.get("", summary="Webhooks", responses={"200": HookList})
    def all_hooks(query: WordPage) -> Answer:
        found, cursor = part_by_word(kept.all(), query, lambda one: one.id)
        return jsonify(items=[_shape(one) for one in found], cursor=cursor)

    @blueprint.get("/<string:webhook>", summary="One webhook", responses={"200": HookShape})
    def one_hook(path: HookPath) -> Answer:
        return one_answer(_shape(known(path.webhook)))

    @blueprint.post("", summary="A new webhook", responses={"201": NewHook})
    def new_hook(body: HookBody) -> Answer:
        if len(kept.all()) >= most():
            raise InvalidError("webhooks-full", most=most())
        made, secret = kept.add(body.name, _url(body.url), _kinds(body.kinds), body.batch_size)
        done("webhook.added", made)
        answer = one_answer({**_shape(made), "secret": secret}, 201)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @blueprint.patch("/<string:webhook>", summary="Change a webhook",
                     responses={"200": HookShape})  # fmt: skip
    @asks_version
    def change(path: HookPath, body: HookEdit, seen: Precondition) -> Answer:

        def decide(before: Webhook) -> Webhook:
            seen.check(_shape(before))
            return replace(
                before,
                name=body.name or before.name,
                url=_url(body.url) if body.url else before.url,
                kinds=tuple(_kinds(body.kinds)) if body.kinds else before.kinds,
                active=before.active if body.active is None else body.active,
                batch_size=body.batch_size or before.batch_size,
            )

        changed = _there(kept.change(path.webhook, decide), path)
        done("webhook.changed", changed)
        return one_answer(_shape(changed))

    @blueprint.post("/<string:webhook>/secret", summary="A new secret",
                    responses={"200": Secret})  # fmt: skip
    def new_secret(path: HookPath) -> Answer:
        secret = kept.new_secret(path.webhook)
        if secret is None:
            raise UnknownError("webhook", path.webhook)
        done("webhook.secret_renewed", known(path.webhook))
        answer = jsonify(secret=secret)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @blueprint.delete("/<string:webhook>", summary="Remove a webhook", responses={"204": None})
    @asks_version
    def remove(path: HookPath, seen: Precondition) -> Answer:
        gone = kept.remove(path.webhook, lambda one: seen.check(_shape(one)))
        done("webhook.removed", _there(gone, path))
        return Response(status=204)

    def known(id: str) -> Webhook:  # noqa: A002
        return _known(kept, id)

    def done(what: str, hook: Webhook) -> None:
        on_record(audit, what, f"{hook.name} {hook.url}")

    _add_deliveries(blueprint, audit, kept)
    return blueprint


def _add_deliveries(blueprint: APIBlueprint, audit: Audit, kept: Webhooks) -> None:
    @blueprint.get("/<string:webhook>/deliveries", summary="What became of its events",
                   responses={"200": DeliveryList})  # fmt: skip
    def deliveries(path: HookPath, query: Page) -> Answer:
        _known(kept, path.webhook)
        found = kept.deliveries(path.webhook, query.after, query.most)
        more = len(found) == query.most
        return jsonify(items=[_sent(one) for one in found], cursor=found[-1].id if more else 0)

    @blueprint.post("/<string:webhook>/test", summary="Send it a test",
                    responses={"201": DeliveryShape})  # fmt: skip
    def test(path: HookPath) -> Answer:
        if not _known(kept, path.webhook).active:
            raise InvalidError("webhook-off")
        made = kept.test(path.webhook)
        if made is None:
            raise UnknownError("webhook", path.webhook)
        on_record(audit, "webhook.tested", path.webhook)
        return jsonify(_sent(made)), 201

    @blueprint.post("/<string:webhook>/deliveries/<int:delivery>/resend",
                    summary="Send it once more", responses={"200": DeliveryShape})  # fmt: skip
    def send_again(path: DeliveryPath) -> Answer:
        again = kept.send_again(path.webhook, path.delivery)
        if again is None:
            raise UnknownError("delivery", path.delivery)
        on_record(audit, "webhook.resent", f"{path.webhook} {path.delivery}")
        return jsonify(_sent(again))


def _known(kept: Webhooks, id: str) -> Webhook:  # noqa: A002
    found = next((one for one in kept.all() if one.id == id), None)
    if found is None:
        raise UnknownError("webhook", id)
    return found


def _there(found: Webhook | None, path: HookPath) -> Webhook:
    if found is None:
        raise UnknownError("webhook", path.webhook)
    return found


def _url(text: str) -> str:
    """An address that can be asked. Raises ValueError."""
    try:
        parts = urlsplit(text)
        plain = parts.hostname and parts.port != 0 and text.isascii() and text.isprintable()
    except ValueError:
        plain = False
        parts = urlsplit("")
    if not plain or parts.scheme not in {"http", "https"} or " " in text:
        raise InvalidError("webhook-address", value=text)
    if parts.username or parts.password:
        raise InvalidError("webhook-password")
    return text


def _kinds(kinds: list[str]) -> list[str]:
    families = {f"{kind.partition('.')[0]}.*" for kind in KINDS}
    strange = sorted(set(kinds) - set(KINDS) - families - {"*"})
    if strange:
        raise InvalidError("webhook-events", name=strange[0])
    return sorted(set(kinds))


def _shape(one: Webhook) -> dict[str, object]:
    edited = {name: getattr(one, name) for name in _EDITED}
    return as_shape(HookShape, one, kinds=list(one.kinds), etag=etag_of(edited))


def _sent(one: Delivery) -> dict[str, object]:
    return as_shape(DeliveryShape, one)
