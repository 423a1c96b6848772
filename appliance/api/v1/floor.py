"""The floor as supervisors see it: wallboard, everybody's conversations and states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.agents import AgentId
from appliance.api.v1.catalogue_shapes import REASON
from appliance.api.v1.gate import needs
from appliance.api.v1.here import blueprint_for, on_record, user
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import (
    AgentShape,
    Answer,
    ConversationShape,
    Strict,
    agent_shape,
    conversation_shape,
)
from appliance.domain.agent_state import Said
from appliance.domain.audit import Audit
from appliance.domain.live import FLOOR
from appliance.domain.records import Conversation
from appliance.domain.reports.book import Book
from appliance.domain.roles import HELP_OTHERS, SEE_FLOOR
from appliance.domain.service_level import Figures
from appliance.domain.users import Users
from appliance.domain.work import Floor, Work
from appliance.services.keep_moving import change
from appliance.services.moves import by_agent
from appliance.services.presence import say, seen
from appliance.services.wall import Board, Seen, seen_agents, wall

MOST_CONVERSATIONS = 1000  # in one answer; the longest waiting first


class AskedWall(Shape):
    """Whose today."""

    zone: str = Field("UTC", max_length=64, description="Time zone, such as `Asia/Shanghai`.")


class FiguresShape(Shape):
    """See the reports' figures of the same names; null: nothing to count."""

    offered: int
    answered: int
    abandoned: int
    short_abandoned: int
    service_level: float | None
    abandonment: float | None
    asa: float | None
    aht: float | None
    longest_wait: float


class BoardShape(Shape):
    """One queue; all together when `id` is null."""

    id: int | None
    name: str
    open: bool
    waiting: int
    waits_since: datetime | None = Field(description="Since when the oldest of them waits.")
    share: float | None = Field(description="The target: so much is to be answered …")
    within: float | None = Field(description="… in so many seconds.")
    now: FiguresShape = Field(
        description="Of this quarter-hour and the one before; in the service level, who waits "
        "past the target now counts as missed."
    )
    today: FiguresShape
    occupancy: float | None
    states: dict[str, int] = Field(description="Agents who serve it, by state.")
    expects: float | None = Field(description="Seconds that somebody who comes now will wait.")
    alerts: list[str] = Field(description="`service_level`, `wait`, `nobody`.")


class SeenShape(Shape):
    """An agent, as colleagues see them."""

    id: int
    name: str
    state: str
    since: datetime | None
    presence: str
    away_reason: str
    away_names: dict[str, str] = Field(
        description="What people read for the reason, by language, also when it is retired; none: "
        "it was said before reasons were kept."
    )
    queues: list[int]
    load: int
    capacity: int
    conversations: list[int]


class SeenAgents(Shape):
    """Everybody, by name."""

    items: list[SeenShape]


class WallShape(Shape):
    """The wallboard; read again when the topic `floor` tells of something after `cursor`."""

    at: datetime
    cursor: int
    together: BoardShape
    queues: list[BoardShape]
    agents: list[SeenShape]
    switch_silent: bool = Field(
        description="The telephones' switch does not answer: no call is offered."
    )


class LiveShape(ConversationShape):
    """A conversation, with the names of those who are in it."""

    contact_name: str = Field(description="May be empty.")
    agent_name: str = Field(description="Of whoever has it; empty: nobody.")


class LiveConversations(Shape):
    """Who waits, longest first, then who is spoken with, then what is set aside.

    `more`: some are left out.
    """

    at: datetime
    cursor: int
    items: list[LiveShape]
    more: bool


class Wanted(StrEnum):
    """What a supervisor can set an agent to."""

    AVAILABLE = "available"
    AWAY = "away"
    OFFLINE = "offline"


_SAID = {Wanted.AVAILABLE: Said.READY, Wanted.AWAY: Said.STEP_AWAY, Wanted.OFFLINE: Said.SIGN_OUT}


class StateBody(Strict):
    """Another's state."""

    state: Wanted
    reason: str = Field("", max_length=200, description=REASON)


def floor_seen(
    floor: Floor, book: Book, users: Users, audit: Audit, head: Callable[[str], int]
) -> APIBlueprint:
    """The blueprint; ``head`` answers the newest number of a topic of the feed."""
    blueprint = blueprint_for(
        "floor", "/floor", "The floor as supervisors see it.", users, SEE_FLOOR
    )

    @blueprint.get("/wall", summary="The wallboard", responses={"200": WallShape})
    def the_wall(query: AskedWall) -> Answer:
        cursor = head(FLOOR)  # before the look: what happens between is told again, never missed
        found = wall(floor, book, query.zone)
        return jsonify(
            at=found.at.isoformat(), cursor=cursor, together=_board(found.together),
            queues=[_board(one) for one in found.queues],
            agents=[_seen(one) for one in found.agents], switch_silent=found.switch_silent,
        )  # fmt: skip

    @blueprint.get("/conversations", summary="All that are not over",
                   responses={"200": LiveConversations})  # fmt: skip
    def conversations() -> Answer:
        cursor = head(FLOOR)

        def job(work: Work) -> dict[str, object]:
            held = [one for has in work.loads().values() for one in has]
            return _listed(
                work, [*work.waiting(), *sorted(held, key=lambda one: one.id), *work.snoozed()]
            )

        return jsonify(cursor=cursor, **floor.read(job))

    @blueprint.get("/incomplete", summary="All that closed with a required field missing",
                   responses={"200": LiveConversations})  # fmt: skip
    def incomplete() -> Answer:
        cursor = head(FLOOR)
        return jsonify(
            cursor=cursor, **floor.read(lambda work: _listed(work, list(work.incomplete())))
        )

    @blueprint.get("/agents", summary="Everybody's state", responses={"200": SeenAgents})
    def agents() -> Answer:
        return jsonify(items=[_seen(one) for one in floor.read(seen_agents)])

    @blueprint.post("/agents/<int:agent>/state", summary="Set another's state",
                    responses={"200": AgentShape})  # fmt: skip
    @needs(HELP_OTHERS)
    def set_state(path: AgentId, body: StateBody) -> Answer:
        by, said = by_agent(user().id), _SAID[body.state]

        def job(work: Work) -> dict[str, object]:
            changed = say(work, path.agent, said, reason=body.reason, who=by)
            return agent_shape(changed, seen(work, path.agent))

        answer = change(floor, job)
        on_record(audit, "agent.state_set", f"{answer['name']}: {body.state}")
        return jsonify(answer)

    return blueprint


def _listed(work: Work, found: list[Conversation]) -> dict[str, object]:
    """With names; over ones with the name of who had them last."""
    shown = found[:MOST_CONVERSATIONS]
    contacts = work.desk.names({one.contact for one in shown})
    agents = {one.id: one.name for one in work.agents()}
    return {
        "at": work.now.isoformat(),
        "items": [
            {
                **conversation_shape(one),
                "contact_name": contacts.get(one.contact, ""),
                "agent_name": agents.get(
                    (one.last_agent if one.incomplete else one.agent) or 0, ""
                ),
            }
            for one in shown
        ],
        "more": len(found) > MOST_CONVERSATIONS,
    }


def _board(one: Board) -> dict[str, object]:
    queue = one.queue
    return {
        "id": queue.id if queue else None,
        "name": queue.name if queue else "",
        "open": one.open,
        "waiting": one.waiting,
        "waits_since": _moment(one.waits_since),
        "share": queue.target.share if queue else None,
        "within": queue.target.within if queue else None,
        "now": _figures(one.now),
        "today": _figures(one.today),
        "occupancy": one.occupancy,
        "states": {str(state): count for state, count in one.states.items()},
        "expects": one.expects,
        "alerts": [str(alert) for alert in one.alerts],
    }


def _figures(one: Figures) -> Mapping[str, object]:
    return vars(one)


def _seen(one: Seen) -> dict[str, object]:
    agent = one.agent
    return {
        "id": agent.id, "name": agent.name, "state": str(one.state), "since": _moment(one.since),
        "presence": str(agent.presence), "away_reason": agent.away_reason,
        "away_names": dict(one.away_names),
        "queues": sorted(agent.queues), "load": sum(has.weight for has in one.conversations),
        "capacity": agent.capacity, "conversations": [has.id for has in one.conversations],
    }  # fmt: skip


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
