"""Who asks, at the REST interface."""

from __future__ import annotations

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from flask_openapi3 import APIBlueprint, Tag

from appliance.api.access import require, user_here
from appliance.api.v1.problems import Problem, answer_problems
from appliance.domain.records import Agent
from appliance.domain.users import User, Users
from appliance.domain.work import Floor, UnknownError, Work
from common.web.signin import csrf_token, signed_in


def blueprint_for(name: str, prefix: str, about: str, users: Users, permission: str
                  ) -> APIBlueprint:  # fmt: skip
    """A blueprint for people who are signed in and have ``permission``.

    Whatever is read answers ``X-CSRF-Token``, the header that changes need.
    """
    blueprint = APIBlueprint(
        name, __name__, url_prefix=f"/api/v1{prefix}",
        abp_tags=[Tag(name=name, description=about)],
        abp_security=[{"session": []}],
        abp_responses={"4XX": Problem},
    )  # fmt: skip
    answer_problems(blueprint)
    check = signed_in(lambda: _known(users, permission))

    @blueprint.before_request
    def _guard() -> ResponseReturnValue | None:
        return check() or None

    @blueprint.after_request
    def _token_for_changes(response: Response) -> Response:
        if request.method == "GET" and "user" in g:
            response.headers["X-CSRF-Token"] = csrf_token()
        return response

    return blueprint


def _known(users: Users, permission: str) -> str:
    user = user_here(users)
    require(user, permission)
    g.user = user
    return ""


def user() -> User:
    """Who asks."""
    found: User = g.user
    return found


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
        return floor.write(job)
