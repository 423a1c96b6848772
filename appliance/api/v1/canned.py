"""Canned replies: read and filled in by agents, kept by supervisors."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.gate import needs
from appliance.api.v1.here import agent_here, blueprint_for, on_record, user
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Page, Strict, part_of
from appliance.api.v1.tags import ETAG, Precondition, asks_version, one_answer, tagged
from appliance.domain.audit import Audit
from appliance.domain.canned import LANGUAGES, VARIABLES, Canned
from appliance.domain.refusals import InvalidError
from appliance.domain.roles import MANAGE_REPLIES, TAKE_CONVERSATIONS
from appliance.domain.users import Users
from appliance.domain.work import Floor, Work
from appliance.services.canned_replies import fill_in, remove_canned, save_canned

_TEXTS = (
    f"By language ({', '.join(LANGUAGES)}), with blanks: "
    + ", ".join(f"`{{{{{one}}}}}`" for one in VARIABLES)
    + "; `{{contact.name|there}}` has what stands there when there is no name."
)


class CannedId(Shape):
    """In the path."""

    canned: int = Field(ge=1, le=2**31 - 1)


class CannedBody(Strict):
    """A reply; in a change, whatever is left out stays."""

    shortcut: str | None = Field(None, max_length=40)
    texts: dict[str, str] | None = Field(None, description=_TEXTS)
    queue: int | None = Field(
        None, ge=0, le=2**31 - 1, description="For this queue alone; 0: for all."
    )


class CannedShape(Shape):
    """A reply."""

    id: int
    shortcut: str
    texts: dict[str, str]
    queue: int | None
    etag: str = Field(description=ETAG)


class CannedReplies(Shape):
    """Some of them; `cursor` is the next page's `after`, 0 at the end."""

    items: list[CannedShape]
    cursor: int


class FillBody(Strict):
    """For whom."""

    conversation: int = Field(ge=1, le=2**31 - 1)
    language: str = Field(LANGUAGES[0], max_length=16)


class Filled(Shape):
    """The text, ready to be sent."""

    text: str


def canned(floor: Floor, users: Users, audit: Audit) -> APIBlueprint:
    """The blueprint."""
    about = "Canned replies: shortcuts for what is said often."
    blueprint = blueprint_for("canned", "/canned", about, users, TAKE_CONVERSATIONS)

    @blueprint.get("", summary="Canned replies", responses={"200": CannedReplies})
    def all_of_them(query: Page) -> Answer:
        found, cursor = part_of(floor.read(lambda work: work.canned.all()), query)
        return jsonify(items=[_shape(one) for one in found], cursor=cursor)

    @blueprint.get("/<int:canned>", summary="One canned reply", responses={"200": CannedShape})
    def one_of_them(path: CannedId) -> Answer:
        return one_answer(_shape(floor.read(lambda work: work.canned.one(path.canned))))

    @blueprint.post("", summary="A new canned reply", responses={"201": CannedShape})
    @needs(MANAGE_REPLIES)
    def add(body: CannedBody) -> Answer:
        if body.shortcut is None or body.texts is None:
            raise InvalidError("canned-needs")
        wanted = Canned(0, body.shortcut, body.texts, body.queue or None)
        return one_answer(keep(lambda _work: wanted), 201)

    @blueprint.patch("/<int:canned>", summary="Change a canned reply",
                     responses={"200": CannedShape})  # fmt: skip
    @needs(MANAGE_REPLIES)
    @asks_version
    def edit(path: CannedId, body: CannedBody, seen: Precondition) -> Answer:

        def job(work: Work) -> Canned:
            before = work.canned.one(path.canned)
            seen.check(_shape(before))
            return Canned(
                before.id,
                before.shortcut if body.shortcut is None else body.shortcut,
                before.texts if body.texts is None else body.texts,
                before.queue if body.queue is None else body.queue or None,
            )

        return one_answer(keep(job))

    @blueprint.delete("/<int:canned>", summary="Remove a canned reply", responses={"204": None})
    @needs(MANAGE_REPLIES)
    @asks_version
    def remove(path: CannedId, seen: Precondition) -> Answer:
        by = f"user:{user().id}"

        def job(work: Work) -> Canned:
            seen.check(_shape(work.canned.one(path.canned)))
            return remove_canned(work, path.canned, by)

        gone = floor.write(job)
        on_record(audit, "canned.removed", gone.shortcut)
        return Response(status=204)

    @blueprint.post("/<int:canned>/text", summary="Its text for one conversation",
                    responses={"200": Filled})  # fmt: skip
    def text(path: CannedId, body: FillBody) -> Answer:
        mine = agent_here(floor).id
        return jsonify(
            text=floor.read(
                lambda work: fill_in(work, path.canned, body.conversation, mine, body.language)
            )
        )

    def keep(wanted: Callable[[Work], Canned]) -> dict[str, object]:
        by = f"user:{user().id}"
        kept = floor.write(lambda work: save_canned(work, wanted(work), by))
        on_record(audit, "canned.set", kept.shortcut)
        return _shape(kept)

    return blueprint


def _shape(one: Canned) -> dict[str, object]:
    return tagged(
        {"id": one.id, "shortcut": one.shortcut, "texts": dict(one.texts), "queue": one.queue}
    )
