"""Agents, and what each may be offered, as an administrator sets it."""

from __future__ import annotations

from dataclasses import replace

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.here import blueprint_for, on_record, user
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import AgentShape, Answer, Page, Strict, agent_shape, part_of
from appliance.api.v1.tags import Precondition, asks_version, one_answer
from appliance.domain.audit import Audit
from appliance.domain.demand import LEAST_LEVEL, MOST_LEVEL
from appliance.domain.records import Agent
from appliance.domain.refusals import InvalidError
from appliance.domain.roles import MANAGE_FLOOR
from appliance.domain.users import User, Users
from appliance.domain.work import Floor, UnknownError, Work
from appliance.services.keep_moving import change
from appliance.services.presence import seen


class AgentId(Shape):
    """In the path: the user's id."""

    agent: int = Field(ge=1, le=2**31 - 1)


class AgentBody(Strict):
    """What an agent may be offered; whatever is left out stays."""

    capacity: int | None = Field(None, ge=0, le=1000)
    groups: list[str] | None = None
    skills: dict[str, int] | None = Field(
        None, description=f"By skill, a level from {LEAST_LEVEL} to {MOST_LEVEL}."
    )
    queues: list[int] | None = None


class Agents(Shape):
    """Some of them; `cursor` is the next page's `after`, 0 at the end."""

    items: list[AgentShape]
    cursor: int


def agents(floor: Floor, users: Users, audit: Audit) -> APIBlueprint:
    """The blueprint."""
    blueprint = blueprint_for(
        "agents", "/agents", "Agents: capacity, groups, skills, queues.", users, MANAGE_FLOOR
    )

    @blueprint.get("", summary="Agents", responses={"200": Agents})
    def all_agents(query: Page) -> Answer:
        def job(work: Work) -> dict[str, object]:
            found, cursor = part_of(work.agents(), query)
            return {"items": [shape(work, one) for one in found], "cursor": cursor}

        return jsonify(floor.read(job))

    @blueprint.get("/<int:agent>", summary="One agent", responses={"200": AgentShape})
    def one_agent(path: AgentId) -> Answer:
        person = known(path.agent)
        one = floor.read(lambda work: _kept(work, path.agent, person.display_name))
        return one_answer(floor.read(lambda work: shape(work, one)))

    @blueprint.patch("/<int:agent>", summary="Change what an agent may be offered",
                     responses={"200": AgentShape})  # fmt: skip
    @asks_version
    def change_agent(path: AgentId, body: AgentBody, seen: Precondition) -> Answer:
        person = known(path.agent)
        by = f"user:{user().id}"

        def job(work: Work) -> dict[str, object]:
            for queue in body.queues or ():
                work.queue(queue)
            before = _kept(work, path.agent, person.display_name)
            seen.check(agent_shape(before, ""))
            changed = _with(body, before)
            work.save_agent(changed)
            work.tell("agent.set", who=by, agent=changed.id)
            return shape(work, changed)

        answer = change(floor, job)
        on_record(audit, "agent.set", person.name)
        return one_answer(answer)

    def known(agent: int) -> User:
        found = next((one for one in users.all() if one.id == agent), None)
        if found is None:
            raise UnknownError("user", agent)
        return found

    def shape(work: Work, one: Agent) -> dict[str, object]:
        return agent_shape(one, seen(work, one.id))

    return blueprint


def _kept(work: Work, agent: int, name: str) -> Agent:
    try:
        return work.agent(agent)
    except UnknownError:
        return Agent(agent, name)


def _with(body: AgentBody, agent: Agent) -> Agent:
    wrong = [s for s, n in (body.skills or {}).items() if not LEAST_LEVEL <= n <= MOST_LEVEL]
    if wrong:
        raise InvalidError("skill-level", skill=wrong[0], least=1, most=5)
    return replace(
        agent,
        capacity=agent.capacity if body.capacity is None else body.capacity,
        groups=agent.groups if body.groups is None else frozenset(body.groups),
        skills=agent.skills if body.skills is None else body.skills,
        queues=agent.queues if body.queues is None else frozenset(body.queues),
    )
