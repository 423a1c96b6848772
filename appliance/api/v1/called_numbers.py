"""The numbers that people call, and the queue or flow that each leads to."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.here import blueprint_for, on_record
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Strict, WordPage, part_by_word
from appliance.api.v1.tags import (
    ETAG,
    Precondition,
    asks_version,
    asks_version_or_none,
    one_answer,
    tagged,
)
from appliance.domain.audit import Audit
from appliance.domain.refusals import InvalidError
from appliance.domain.roles import MANAGE_FLOOR
from appliance.domain.telephony.flow import Flows
from appliance.domain.telephony.phones import Number, Phones, is_number
from appliance.domain.users import Users
from appliance.domain.work import Floor, UnknownError


class NumberPath(Shape):
    """In the path: as the trunk sends it."""

    number: str = Field(pattern=r"^\+?[0-9]{1,40}$")


class NumberBody(Strict):
    """Where callers wait, and the flow that they go through first."""

    queue: int = Field(ge=1, le=2**31 - 1)
    flow: int | None = Field(None, ge=1, le=2**31 - 1)


class NumberShape(Shape):
    """A number that people call."""

    number: str
    queue: int
    flow: int | None
    etag: str = Field(description=ETAG)


class NumberList(Shape):
    """Some of them; `cursor` is the next page's `after`, empty at the end."""

    items: list[NumberShape]
    cursor: str


def numbers(floor: Floor, users: Users, audit: Audit, phones: Phones, kept: Flows) -> APIBlueprint:
    """The blueprint of the numbers that people call."""
    about = "The numbers that people call, and where they lead."
    blueprint = blueprint_for("numbers", "/numbers", about, users, MANAGE_FLOOR)

    @blueprint.get("", summary="Numbers", responses={"200": NumberList})
    def all_numbers(query: WordPage) -> Answer:
        found, cursor = part_by_word(phones.numbers(), query, lambda one: one.number)
        return jsonify(items=[_shape(one) for one in found], cursor=cursor)

    @blueprint.get("/<string:number>", summary="One number", responses={"200": NumberShape})
    def one_number(path: NumberPath) -> Answer:
        return one_answer(_shape(_there(phones.number(path.number), path)))

    @blueprint.put("/<string:number>", summary="Let a number lead somewhere",
                   responses={"200": NumberShape})  # fmt: skip
    @asks_version_or_none
    def put(path: NumberPath, body: NumberBody, seen: Precondition) -> Answer:
        if not is_number(path.number):
            raise InvalidError("number-form", number=path.number)
        floor.read(lambda work: work.queue(body.queue))
        if body.flow is not None:
            kept.one(body.flow)
        number = Number(path.number, body.queue, body.flow)
        phones.keep_number(number, _checked(seen))
        on_record(audit, "number.set", path.number)
        return one_answer(_shape(number))

    @blueprint.delete("/<string:number>", summary="Answer a number no more",
                      responses={"204": None})  # fmt: skip
    @asks_version
    def remove(path: NumberPath, seen: Precondition) -> Answer:
        if not phones.drop_number(path.number, _checked(seen)):
            raise UnknownError("number", path.number)
        on_record(audit, "number.removed", path.number)
        return Response(status=204)

    return blueprint


def _there(found: Number | None, path: NumberPath) -> Number:
    if found is None:
        raise UnknownError("number", path.number)
    return found


def _shape(one: Number) -> dict[str, object]:
    return tagged(vars(one))


def _checked(seen: Precondition) -> Callable[[Number | None], None]:
    return lambda one: seen.check(None if one is None else _shape(one))
