"""Flows of calls, as an administrator draws and publishes them; and the numbers that lead there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint
from pydantic import AwareDatetime, Field

from appliance.api.v1.here import blueprint_for, on_record, who
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Strict
from appliance.api.v1.tags import ETAG, Precondition, one_answer, tagged
from appliance.domain.audit import Audit
from appliance.domain.refusals import InvalidError
from appliance.domain.roles import MANAGE_FLOOR
from appliance.domain.telephony.flow import Draft, Flows
from appliance.domain.telephony.flow_form import flow_form, read_flow
from appliance.domain.telephony.phones import Number, Phones, is_number
from appliance.domain.users import Users
from appliance.domain.work import Floor, UnknownError
from appliance.services.telephony.flows import publish, try_it, wrong_with

_FORM = "`start` and `steps` by name, see docs/telephony.md."
_EMPTY: dict[str, Any] = {"start": "", "steps": {}}


class FlowId(Shape):
    """In the path."""

    flow: int = Field(ge=1, le=2**31 - 1)


class FlowBody(Strict):
    """A flow; in a change, whatever is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=200)
    form: dict[str, Any] | None = Field(None, description=_FORM)


class TroubleShape(Shape):
    """What is wrong, and where; `what` is a stable word."""

    step: str
    what: str
    blanks: dict[str, Any]
    sentence: str


class FlowShape(Shape):
    """A flow: its draft, and which version callers hear (0: none)."""

    id: int
    name: str
    form: dict[str, Any]
    version: int
    troubles: list[TroubleShape] = Field(description="Why the draft cannot be published.")
    etag: str = Field(description=ETAG)


class FlowList(Shape):
    """All of them."""

    items: list[FlowShape]


class VersionShape(Shape):
    """A version that was published."""

    number: int
    form: dict[str, Any]
    at: datetime
    by: str


class VersionList(Shape):
    """All of a flow, newest first."""

    items: list[VersionShape]


class TryBody(Strict):
    """A flow, the keys that a caller presses (one at each menu), and when they call."""

    form: dict[str, Any] = Field(description=_FORM)
    keys: str = Field("", max_length=50, pattern=r"^[0-9*#]*$")
    at: AwareDatetime


class TroubleList(Shape):
    """All that is wrong; none: it can be published."""

    items: list[TroubleShape]


class FormBody(Strict):
    """A flow."""

    form: dict[str, Any] = Field(description=_FORM)


class StopShape(Shape):
    """One step of the walk; `did`: a key, `said`, `silence`, `refused`; empty: it ends there."""

    step: str
    tries: int
    did: str


class StopList(Shape):
    """The walk."""

    items: list[StopShape]


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


class NumberList(Shape):
    """All of them."""

    items: list[NumberShape]


def flows(floor: Floor, users: Users, audit: Audit, kept: Flows) -> APIBlueprint:
    """The blueprint of flows."""
    about = "What callers go through before a queue."
    blueprint = blueprint_for("flows", "/flows", about, users, MANAGE_FLOOR)

    @blueprint.get("", summary="Flows", responses={"200": FlowList})
    def all_flows() -> Answer:
        return jsonify(items=[shape(one) for one in kept.all()])

    @blueprint.get("/<int:flow>", summary="One flow", responses={"200": FlowShape})
    def one_flow(path: FlowId) -> Answer:
        return one_answer(shape(kept.one(path.flow)))

    @blueprint.post("", summary="A new flow", responses={"201": FlowShape})
    def add(body: FlowBody) -> Answer:
        if body.name is None:
            raise InvalidError("flow-nameless")
        return one_answer(keep(Draft(0, body.name, plain(body.form or _EMPTY))), 201)

    @blueprint.patch("/<int:flow>", summary="Change a draft", responses={"200": FlowShape})
    def change(path: FlowId, body: FlowBody) -> Answer:
        before = kept.one(path.flow)
        Precondition.here().check(shape(before))
        form = before.form if body.form is None else plain(body.form)
        return one_answer(keep(replace(before, name=body.name or before.name, form=form)))

    @blueprint.delete("/<int:flow>", summary="Remove a flow that was never published",
                      responses={"204": None})  # fmt: skip
    def remove(path: FlowId) -> Answer:
        gone = kept.one(path.flow)
        kept.remove(path.flow)
        on_record(audit, "flow.removed", gone.name)
        return Response(status=204)

    @blueprint.post("/<int:flow>/publish", summary="Let callers go through the draft",
                    responses={"200": FlowShape})  # fmt: skip
    def let_in(path: FlowId) -> Answer:
        made = publish(floor, kept, path.flow, who())
        on_record(audit, "flow.published", f"{made.name} {made.number}")
        return one_answer(shape(made))

    def keep(draft: Draft) -> dict[str, object]:
        made = kept.save(draft)
        on_record(audit, "flow.set", made.name)
        return shape(made)

    def shape(one: Draft) -> dict[str, object]:
        edited = {"id": one.id, "name": one.name, "form": dict(one.form), "version": one.number}
        return tagged(edited) | {"troubles": _wrong(floor, kept, one.form)}

    _add_looks(blueprint, floor, kept)
    return blueprint


def _add_looks(blueprint: APIBlueprint, floor: Floor, kept: Flows) -> None:
    @blueprint.get("/<int:flow>/versions", summary="What was published",
                   responses={"200": VersionList})  # fmt: skip
    def versions(path: FlowId) -> Answer:
        kept.one(path.flow)
        found = [
            VersionShape(number=one.number, form=dict(one.form), at=one.at, by=one.by)
            for one in kept.versions(path.flow)
        ]
        return jsonify(VersionList(items=found).model_dump(mode="json"))

    @blueprint.post("/try", summary="Walk through a flow without a telephone",
                    responses={"200": StopList})  # fmt: skip
    def walk_through(body: TryBody) -> Answer:
        return jsonify(
            items=[vars(one) for one in try_it(floor, kept, body.form, body.keys, body.at)]
        )

    @blueprint.post("/check", summary="What is wrong with a flow", responses={"200": TroubleList})
    def check(body: FormBody) -> Answer:
        return jsonify(items=_wrong(floor, kept, body.form))


def _wrong(floor: Floor, kept: Flows, form: Any) -> list[dict[str, object]]:
    return [
        {"step": one.step, "what": one.what, "blanks": dict(one.blanks), "sentence": str(one)}
        for one in wrong_with(floor, kept, form)
    ]


def numbers(floor: Floor, users: Users, audit: Audit, phones: Phones, kept: Flows) -> APIBlueprint:
    """The blueprint of the numbers that people call."""
    about = "The numbers that people call, and where they lead."
    blueprint = blueprint_for("numbers", "/numbers", about, users, MANAGE_FLOOR)

    @blueprint.get("", summary="Numbers", responses={"200": NumberList})
    def all_numbers() -> Answer:
        return jsonify(items=[vars(one) for one in phones.numbers()])

    @blueprint.put("/<string:number>", summary="Let a number lead somewhere",
                   responses={"200": NumberShape})  # fmt: skip
    def put(path: NumberPath, body: NumberBody) -> Answer:
        if not is_number(path.number):
            raise InvalidError("number-form", number=path.number)
        floor.read(lambda work: work.queue(body.queue))
        if body.flow is not None:
            kept.one(body.flow)
        number = Number(path.number, body.queue, body.flow)
        phones.keep_number(number)
        on_record(audit, "number.set", path.number)
        return jsonify(vars(number))

    @blueprint.delete("/<string:number>", summary="Answer a number no more",
                      responses={"204": None})  # fmt: skip
    def remove(path: NumberPath) -> Answer:
        if not phones.drop_number(path.number):
            raise UnknownError("number", path.number)
        on_record(audit, "number.removed", path.number)
        return Response(status=204)

    return blueprint


def plain(form: dict[str, Any]) -> dict[str, Any]:
    """The form with all that it needs, and nothing else. Raises ValueError."""
    return flow_form(read_flow(form))
