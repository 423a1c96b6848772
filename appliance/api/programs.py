"""What programs ask: the status as JSON, and the metrics."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, abort, g, jsonify, request, session
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from appliance.api.access import asked_from, bearer_is, require, user_here
from appliance.domain.roles import SEE_STATUS, Role
from appliance.domain.users import Users
from appliance.ops.metrics import Metrics
from appliance.services.describe_running import DescribeRunning
from appliance.settings import ApplianceSettings
from appliance.words import as_json, local_time
from common.clock import Clock, stamp
from common.web.signin import signed_in
from common.web.texts import Texts

_BY_ITSELF = "by-itself"


def programs(
    running: DescribeRunning,
    users: Users,
    metrics: Metrics,
    texts: Texts,
    clock: Clock,
    settings: Callable[[], ApplianceSettings],
    local_token: str,
) -> Blueprint:
    """The blueprint; ``local_token`` lets `callstead appliance status` in."""
    blueprint = Blueprint("programs", __name__)

    @blueprint.before_request
    def _remember_use() -> None:
        g.seen_before = session.get("seen")

    def answer(role: Role, when: Callable[[datetime], str] = stamp) -> Response:
        parts = [as_json(part, texts.t, when) for part in running(role)]
        reply = jsonify(at=stamp(clock.now()), parts=parts)
        reply.headers["Cache-Control"] = "no-store"
        return reply

    @signed_in
    def for_people() -> ResponseReturnValue:
        if _BY_ITSELF in request.args and g.seen_before is not None:
            # A page that looks again by itself is nobody at the screen: the session may fall idle.
            session["seen"] = g.seen_before
        user = user_here(users)
        require(user, SEE_STATUS)
        return answer(user.role)

    @blueprint.get("/api/v1/status")
    def status() -> ResponseReturnValue:
        if bearer_is(local_token):  # whoever can read its file has this machine anyway
            return answer(Role.ADMINISTRATOR, local_time)  # read at this machine
        return for_people()

    @blueprint.get("/metrics")
    def scrape() -> ResponseReturnValue:
        now = settings()
        if not asked_from(now.metrics_networks) and not bearer_is(now.metrics.token):
            abort(403)
        return Response(generate_latest(metrics.registry), content_type=CONTENT_TYPE_LATEST)

    return blueprint
