"""How programs come in: tokens for a person's password, and keys that an administrator makes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import AwareDatetime, Field

from appliance.api.v1.again import each_time
from appliance.api.v1.gate import gate_here, refuse_too_many
from appliance.api.v1.here import blueprint_for, on_record, refuse_beyond, user
from appliance.api.v1.problems import Problem, answer_problems, refused
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Strict, WordPage, as_shape, part_by_word
from appliance.domain.audit import Audit
from appliance.domain.blocklist import TooOftenError
from appliance.domain.programs import ApiKey, ApiKeys
from appliance.domain.refusals import InvalidError, RefusalError
from appliance.domain.roles import CONNECT_PROGRAMS, PERMISSIONS
from appliance.domain.users import Users
from appliance.domain.work import UnknownError
from appliance.services.tokens import Pair, TokenRefusedError, Tokens
from common.web.rates import line_of
from common.web.signin import Proof, SignIn

_ALL = frozenset().union(*PERMISSIONS.values())


class SignInBody(Strict):
    """A program signs in with its person's password."""

    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024)
    code: str = Field("", max_length=32, description="Of the second factor, if there is one.")
    program: str = Field(min_length=1, max_length=60, description="Its name, for the record.")
    scopes: list[str] = Field(
        default_factory=list, max_length=50,
        description="Permissions by name; empty: all that the person has.",
    )  # fmt: skip


class RefreshBody(Strict):
    """The refresh token of the last answer; each is good for one time."""

    refresh_token: str = Field(min_length=1, max_length=200)


class PairShape(Shape):
    """What to show as `Authorization: Bearer`, and what renews it."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int = Field(description="Seconds.")


class KeyPath(Shape):
    """In the path."""

    key: str = Field(max_length=32)


class KeyBody(Strict):
    """A new key for a system of the customer."""

    name: str = Field(min_length=1, max_length=100, examples=["CRM"])
    scopes: list[str] = Field(
        min_length=1, max_length=50, description="Permissions by name.", examples=[["floor.see"]]
    )
    expires_at: AwareDatetime | None = Field(None, description="Null: never.")


class KeyShape(Shape):
    """A key; its text is not kept."""

    id: str
    name: str
    user: int = Field(description="In whose name it asks.")
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None = Field(description="Last use, to the minute.")


class NewKey(KeyShape):
    """A key that was made."""

    key: str = Field(description="Told once; to be shown as `Authorization: Bearer`.")


class KeyList(Shape):
    """Some of those that hold or have run out, by id; revoked ones are gone.

    `cursor` is the next page's `after`, empty at the end.
    """

    items: list[KeyShape]
    cursor: str


def tokens(signin: SignIn, users: Users, audit: Audit, issued: Tokens) -> APIBlueprint:
    """The blueprint of tokens; nobody is signed in here."""
    blueprint = APIBlueprint(
        "tokens", __name__, url_prefix="/api/v1/tokens",
        abp_tags=[Tag(name="tokens", description="How a program signs in.")],
        abp_security=[], abp_responses={"4XX": Problem},
    )  # fmt: skip
    answer_problems(blueprint)

    @blueprint.before_request
    def _not_too_often() -> None:
        refuse_too_many(gate_here().of_address, line_of(request.remote_addr or ""), "this address")

    @blueprint.post("", summary="Sign in", responses={"201": PairShape})
    @each_time  # whoever signs in begins a session of a program
    def sign_in(body: SignInBody) -> Answer:
        address = request.remote_addr or ""
        proof, account, wait = signin.prove(body.name, body.password, body.code, address)
        if proof is Proof.LOCKED:
            raise TooOftenError("too-many-wrong", wait)
        if account is None:
            return refused(HTTPStatus.UNAUTHORIZED, RefusalError(str(proof)))
        person = users.by_name(account.name)
        if person is None:
            return refused(HTTPStatus.UNAUTHORIZED, RefusalError(str(Proof.WRONG)))
        mine = PERMISSIONS[person.role]
        pair = issued.begin(person, body.program, _known(body.scopes) or sorted(mine))
        audit.record(person.name, "program.signed_in", body.program, address)
        return _pair(pair, 201)

    @blueprint.post("/refresh", summary="The next pair", responses={"200": PairShape})
    def refresh(body: RefreshBody) -> Answer:
        try:
            return _pair(issued.renew(body.refresh_token), 200)
        except TokenRefusedError as error:
            if error.reused is not None:
                found = users.by_id(error.reused.user)
                audit.record(
                    found.name if found else "", "program.token_reused", error.reused.name,
                    request.remote_addr or "",
                )  # fmt: skip
            return refused(HTTPStatus.UNAUTHORIZED, error, "token-refused")

    @blueprint.post("/revoke", summary="Sign out", responses={"204": None})
    def revoke(body: RefreshBody) -> Answer:
        ended = issued.end(body.refresh_token)
        if ended is not None:
            found = users.by_id(ended.user)
            audit.record(
                found.name if found else "", "program.signed_out", ended.name,
                request.remote_addr or "",
            )  # fmt: skip
        return Response(status=204)

    return blueprint


def keys(users: Users, audit: Audit, kept: ApiKeys, now: Callable[[], datetime]) -> APIBlueprint:
    """The blueprint of API keys."""
    about = "Keys for the customer's own systems."
    blueprint = blueprint_for("keys", "/api-keys", about, users, CONNECT_PROGRAMS)

    @blueprint.get("", summary="API keys", responses={"200": KeyList})
    def all_keys(query: WordPage) -> Answer:
        found, cursor = part_by_word(kept.all(), query, lambda one: one.id)
        return jsonify(items=[_key(one) for one in found], cursor=cursor)

    @blueprint.post("", summary="A new key", responses={"201": NewKey})
    def new_key(body: KeyBody) -> Answer:
        wanted = _known(body.scopes)
        refuse_beyond(wanted)
        if body.expires_at is not None and body.expires_at <= now():
            raise InvalidError("key-over")
        made, shown = kept.add(user().id, body.name, wanted, body.expires_at)
        on_record(audit, "api_key.added", f"{made.id} {made.name}")
        answer = jsonify({**_key(made), "key": shown})
        answer.headers["Cache-Control"] = "no-store"
        return answer, 201

    @blueprint.delete("/<string:key>", summary="Revoke a key", responses={"204": None})
    def revoke(path: KeyPath) -> Answer:
        gone = kept.revoke(path.key)
        if gone is None:
            raise UnknownError("key", path.key)
        on_record(audit, "api_key.revoked", f"{gone.id} {gone.name}")
        return Response(status=204)

    return blueprint


def _known(scopes: list[str]) -> list[str]:
    strange = sorted(set(scopes) - _ALL)
    if strange:
        raise InvalidError("scope-unknown", scope=strange[0], known=sorted(_ALL))
    return sorted(set(scopes))


def _pair(pair: Pair, status: int) -> Answer:
    answer = jsonify(
        access_token=pair.access, refresh_token=pair.refresh, token_type="Bearer",  # noqa: S106
        expires_in=pair.expires_in,
    )  # fmt: skip
    answer.headers["Cache-Control"] = "no-store"
    return answer, status


def _key(one: ApiKey) -> dict[str, object]:
    return as_shape(KeyShape, one, scopes=list(one.scopes))
