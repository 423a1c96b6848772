"""Who asks, at the REST interface."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from flask_openapi3 import APIBlueprint, Tag

from appliance.api.v1.again import apart, remember_answer
from appliance.api.v1.gate import gate_here
from appliance.api.v1.problems import Problem, answer_problems
from appliance.domain.audit import Audit
from appliance.domain.programs import Caller
from appliance.domain.records import Agent
from appliance.domain.refusals import InvalidError
from appliance.domain.users import User, Users
from appliance.domain.work import Floor, UnknownError, Work
from common.web.csrf import csrf_token


def blueprint_for(name: str, prefix: str, about: str, _users: Users, permission: str
                  ) -> APIBlueprint:  # fmt: skip
    """A blueprint for people who are signed in, and programs in their name, with ``permission``.

    An empty ``permission``: whoever is signed in. A view that needs another one, too, is marked
    with `appliance.api.v1.gate.needs`. Whatever a person reads answers ``X-CSRF-Token``, the
    header that their changes need; a program shows its key or token instead.
    """
    blueprint = APIBlueprint(
        name, __name__, url_prefix=f"/api/v1{prefix}",
        abp_tags=[Tag(name=name, description=about)],
        abp_security=security(permission),
        abp_responses={"4XX": Problem},
    )  # fmt: skip
    answer_problems(blueprint)

    @blueprint.before_request
    def _guard() -> ResponseReturnValue | None:
        return gate_here().enter(permission)

    @blueprint.after_request
    def _token_for_changes(response: Response) -> Response:
        if request.method == "GET" and "caller" in g and g.caller.scopes is None:
            response.headers["X-CSRF-Token"] = csrf_token()
        return remember_answer(response)

    return blueprint


def security(*permissions: str) -> list[dict[str, list[str]]]:
    """The ways in, as the description has them, with the permissions that each needs."""
    asked = [one for one in permissions if one]
    return [{"session": asked}, {"program": asked}]


def caller() -> Caller:
    """Who asks: a person, or a program in their name."""
    found: Caller = g.caller
    return found


def user() -> User:
    """The person who asks, or in whose name a program does."""
    return caller().user


def who() -> str:
    """The same, for the record."""
    return caller().named


def whence() -> str:
    """From which address, for the record."""
    return request.remote_addr or ""


def on_record(audit: Audit, what: str, about: str = "") -> None:
    """Add a line to the record: who asks, and from where; returns after the commit."""
    audit.record(who(), what, about, whence())


def refuse_beyond(permissions: Iterable[str]) -> None:
    """Nobody gives another, or takes over, what they may not themselves; a program its scopes.

    Raises InvalidError.
    """
    beyond = sorted(one for one in permissions if not caller().may(one))
    if beyond:
        raise InvalidError("scope-beyond", scope=beyond[0])


def agent_here(floor: Floor) -> Agent:
    """The agent that the signed-in person is; see `agent_of`."""
    return agent_of(floor, user())


def agent_of(floor: Floor, me: User) -> Agent:
    """The agent that a person is; made at their first use of the floor."""

    def job(work: Work) -> Agent:
        try:
            return work.agent(me.id)
        except UnknownError:
            agent = Agent(me.id, me.display_name)
            work.save_agent(agent)
            work.tell("agent.added", who="system", agent=agent.id)
            return agent

    try:
        return floor.read(lambda work: work.agent(me.id))
    except UnknownError:
        with apart():
            return floor.write(job)
