"""The pages: for now one, "What is running"."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, g, make_response, render_template, request, session
from flask.typing import ResponseReturnValue

from appliance.api.access import require, user_here
from appliance.domain.roles import SEE_STATUS, SEE_STATUS_DETAILS, may
from appliance.domain.running import Status
from appliance.domain.users import Users
from appliance.services.describe_running import DescribeRunning
from appliance.settings import ApplianceSettings
from appliance.words import line_of, local_time
from common.clock import Clock
from common.web.signin import signed_in
from common.web.texts import Texts

_BY_ITSELF = "by-itself"


def pages(
    running: DescribeRunning,
    users: Users,
    texts: Texts,
    clock: Clock,
    settings: Callable[[], ApplianceSettings],
) -> Blueprint:
    """The blueprint of the pages."""
    blueprint = Blueprint("pages", __name__, template_folder="templates")

    @blueprint.before_request
    def _remember_use() -> None:
        g.seen_before = session.get("seen")

    @blueprint.get("/")
    @signed_in
    def home() -> ResponseReturnValue:
        if _BY_ITSELF in request.args and g.seen_before is not None:
            # A page that loads itself again is nobody at the screen: the session may fall idle.
            session["seen"] = g.seen_before
        user = user_here(users)
        require(user, SEE_STATUS)
        parts = running(user.role)
        answer = make_response(
            render_template(
                "running.html",
                user=user,
                lines=[line_of(part, texts.t) for part in parts],
                all_well=all(part.status is not Status.FAILED for part in parts),
                details=may(user.role, SEE_STATUS_DETAILS),
                time=local_time(clock.now()),
                refresh=settings().refresh_seconds,
                again=f"?{_BY_ITSELF}",
            )
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return blueprint
