"""The blocklist: who is not let in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint
from pydantic import AwareDatetime, Field

from appliance.api.v1.here import blueprint_for, on_record, who
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Page, Strict, as_shape, part_of
from appliance.api.v1.tags import ETAG, Precondition, asks_version, one_answer, tagged
from appliance.domain.audit import Audit
from appliance.domain.blocklist import Block, Blocklist, Kind, normal
from appliance.domain.roles import BLOCK_CONTACTS
from appliance.domain.users import Users
from appliance.domain.work import UnknownError

_VALUE = "An address or network, a contact's id, or an identity like `number:+4930123`."


class BlockPath(Shape):
    """In the path."""

    block: int = Field(ge=1, le=2**31 - 1)


class BlockBody(Strict):
    """Somebody who is not let in from now on."""

    kind: Kind
    value: str = Field(min_length=1, max_length=320, description=_VALUE)
    reason: str = Field(min_length=1, max_length=200, description="Why; the blocked do not see it.")
    until: AwareDatetime | None = Field(None, description="Null: for good.")


class BlockEdit(Strict):
    """What shall be different; `until` is always set."""

    reason: str | None = Field(None, min_length=1, max_length=200)
    until: AwareDatetime | None = Field(None, description="Null: for good.")


class BlockShape(Shape):
    """A line of the blocklist."""

    id: int
    kind: Kind
    value: str
    reason: str
    until: datetime | None
    by: str
    at: datetime
    etag: str = Field(description=ETAG)


class BlockList(Shape):
    """Some lines; `cursor` is the next page's `after`, 0 at the end."""

    items: list[BlockShape]
    cursor: int


def blocks(
    users: Users, audit: Audit, kept: Blocklist, changed: Callable[[], None]
) -> APIBlueprint:
    """The blueprint; ``changed`` is called after each change."""
    about = "Who is not let in."
    blueprint = blueprint_for("blocks", "/blocklist", about, users, BLOCK_CONTACTS)

    @blueprint.get("", summary="The blocklist", responses={"200": BlockList})
    def all_blocks(query: Page) -> Answer:
        found, cursor = part_of(kept.all(), query)
        return jsonify(items=[_shape(one) for one in found], cursor=cursor)

    @blueprint.get("/<int:block>", summary="One line", responses={"200": BlockShape})
    def one_block(path: BlockPath) -> Answer:
        found = next((one for one in kept.all() if one.id == path.block), None)
        return one_answer(_shape(_there(found, path)))

    @blueprint.post("", summary="Block somebody", responses={"201": BlockShape})
    def block(body: BlockBody) -> Answer:
        value = normal(body.kind, body.value)
        made = kept.add(body.kind, value, body.reason, body.until, who())
        done("blocklist.added", made)
        return one_answer(_shape(made), 201)

    @blueprint.patch("/<int:block>", summary="Change reason or time",
                     responses={"200": BlockShape})  # fmt: skip
    @asks_version
    def change(path: BlockPath, body: BlockEdit, seen: Precondition) -> Answer:
        found = kept.change(
            path.block, body.reason, body.until, lambda one: seen.check(_shape(one))
        )
        changed_one = _there(found, path)
        done("blocklist.changed", changed_one)
        return one_answer(_shape(changed_one))

    @blueprint.delete("/<int:block>", summary="Let them in again", responses={"204": None})
    @asks_version
    def unblock(path: BlockPath, seen: Precondition) -> Answer:
        gone = kept.remove(path.block, lambda one: seen.check(_shape(one)))
        done("blocklist.removed", _there(gone, path))
        return Response(status=204)

    def done(what: str, one: Block) -> None:
        changed()
        said = f"{one.kind} {one.value}: {one.reason}"
        on_record(audit, what, said)

    return blueprint


def _there(found: Block | None, path: BlockPath) -> Block:
    if found is None:
        raise UnknownError("block", path.block)
    return found


def _shape(one: Block) -> dict[str, object]:
    return tagged(as_shape(BlockShape, one, etag=""))
