"""``/healthz``: is this program well? For people, `callstead run`, launchers and load balancers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, jsonify

from common import __version__
from common.clock import Clock, SystemClock
from common.logs import get_logger

log = get_logger(__name__)

# True, or a sentence that says what is wrong.
Checks = Callable[[], Mapping[str, "bool | str"]]


def health_blueprint(
    program: str, checks: Checks | None = None, *, clock: Clock | None = None
) -> Blueprint:
    """A blueprint with ``GET /healthz``.

    Args:
        program: its name, as in ``comm``.
        checks: answers quickly, by name, with True or with a sentence of what is wrong.
        clock: for tests.

    The answer is 200, or 503 when a check fails: ``{"status": "ok"|"failing", "program",
    "version", "uptime_s", "checks": {name: "ok"|sentence}}``.
    """
    clock = clock or SystemClock()
    started = clock.monotonic()
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> tuple[Response, int]:
        found = _run(checks)
        well = all(result == "ok" for result in found.values())
        answer = jsonify(
            status="ok" if well else "failing",
            program=program,
            version=__version__,
            uptime_s=round(clock.monotonic() - started, 1),
            checks=found,
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer, 200 if well else 503

    return blueprint


def _run(checks: Checks | None) -> dict[str, str]:
    if checks is None:
        return {}
    try:
        results = checks()
    except Exception:  # the health page must answer whatever is broken
        log.exception("health.check_raised")
        return {"checks": "could not be run; see the log"}
    words = {True: "ok", False: "failed"}
    return {
        name: words[result] if isinstance(result, bool) else result
        for name, result in results.items()
    }
