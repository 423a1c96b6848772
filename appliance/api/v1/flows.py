"""Flows of calls, as an administrator draws and publishes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint
from pydantic import AwareDatetime, Field

from appliance.api.v1.here import blueprint_for, on_record, who
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Page, Strict, part_of
from appliance.api.v1.tags import ETAG, Precondition, asks_version, one_answer, tagged
from appliance.domain.audit import Audit
from appliance.domain.refusals import InvalidError
from appliance.domain.roles import MANAGE_FLOOR
from appliance.domain.telephony.flow import Draft, Flows
from appliance.domain.telephony.flow_form import flow_form, read_flow
from appliance.domain.users import Users
from appliance.domain.work import Floor
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
    """Some of them; `cursor` is the next page's `after`, 0 at the end."""

    items: list[FlowShape]
    cursor: int


class VersionShape(Shape):
    """A version that was published."""

    number: int
    form: dict[str, Any]
    at: datetime
    by: str


class VersionList(Shape):
    """Some of a flow, newest first; `cursor` is the next page's `after`, 0 at the end."""

    items: list[VersionShape]
    cursor: int


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


def flows(floor: Floor, users: Users, audit: Audit, kept: Flows) -> APIBlueprint:
    """The blueprint of flows."""
    about = "What callers go through before a queue."
    blueprint = blueprint_for("flows", "/flows", about, users, MANAGE_FLOOR)

    @blueprint.get("", summary="Flows", responses={"200": FlowList})
    def all_flows(query: Page) -> Answer:
        found, cursor = part_of(kept.all(), query)
        return jsonify(items=[shape(one) for one in found], cursor=cursor)

    @blueprint.get("/<int:flow>", summary="One flow", responses={"200": FlowShape})
    def one_flow(path: FlowId) -> Answer:
        return one_answer(shape(kept.one(path.flow)))

    @blueprint.post("", summary="A new flow", responses={"201": FlowShape})
    def add(body: FlowBody) -> Answer:
        if body.name is None:
            raise InvalidError("flow-nameless")
        made = kept.add(body.name, plain(body.form or _EMPTY))
        return set_(made, 201)

    @blueprint.patch("/<int:flow>", summary="Change a draft", responses={"200": FlowShape})
    @asks_version
    def change(path: FlowId, body: FlowBody, seen: Precondition) -> Answer:
        form = None if body.form is None else plain(body.form)

        def decide(before: Draft) -> Draft:
            seen.check(_edited(before))
            return replace(
                before,
                name=body.name or before.name,
                form=before.form if form is None else form,
            )

        return set_(kept.change(path.flow, decide))

    @blueprint.delete("/<int:flow>", summary="Remove a flow that was never published",
                      responses={"204": None})  # fmt: skip
    @asks_version
    def remove(path: FlowId, seen: Precondition) -> Answer:
        gone = kept.remove(path.flow, lambda one: seen.check(_edited(one)))
        on_record(audit, "flow.removed", gone.name)
        return Response(status=204)

    @blueprint.post("/<int:flow>/publish", summary="Let callers go through the draft",
                    responses={"200": FlowShape})  # fmt: skip
    @asks_version
    def let_in(path: FlowId, seen: Precondition) -> Answer:
        made = publish(floor, kept, path.flow, who(), lambda one: seen.check(_edited(one)))
        on_record(audit, "flow.published", f"{made.name} {made.number}")
        return one_answer(shape(made))

    def set_(made: Draft, status: int = 200) -> Answer:
        on_record(audit, "flow.set", made.name)
        return one_answer(shape(made), status)

    def shape(one: Draft) -> dict[str, object]:
        return _edited(one) | {"troubles": _wrong(floor, kept, one.form)}

    _add_looks(blueprint, floor, kept)
    return blueprint


def _edited(one: Draft) -> dict[str, object]:
    return tagged({"id": one.id, "name": one.name, "form": dict(one.form), "version": one.number})


def _add_looks(blueprint: APIBlueprint, floor: Floor, kept: Flows) -> None:
    @blueprint.get("/<int:flow>/versions", summary="What was published",
                   responses={"200": VersionList})  # fmt: skip
    def versions(path: FlowId, query: Page) -> Answer:
        kept.one(path.flow)
        found = [
            VersionShape(number=one.number, form=dict(one.form), at=one.at, by=one.by)
            for one in kept.versions(path.flow, query.after, query.most)
        ]
        more = len(found) == query.most and found[-1].number > 1
        told = VersionList(items=found, cursor=found[-1].number if more else 0)
        return jsonify(told.model_dump(mode="json"))

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


def plain(form: dict[str, Any]) -> dict[str, Any]:
    """The form with all that it needs, and nothing else. Raises ValueError."""
    return flow_form(read_flow(form))
