"""Serves what is live: ``metadata/…`` and ``targets/…``, whole or by Range."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, send_from_directory
from werkzeug.exceptions import NotFound

Guard = Callable[[Callable[..., Response]], Callable[..., Response]]
_YEAR = 365 * 86400
_RETRY_AFTER = "5"  # seconds


def mirror_blueprint(live: Path, guard: Guard, ask: Callable[[str], bool]) -> Blueprint:
    """The pages below ``/releases``.

    Args:
        live: `Mirror.live`.
        guard: decorator that lets only joined clients in.
        ask: `comm_server.mirror.asked.Asked.ask`; what will be fetched is a 503 until it is here.
    """
    blueprint = Blueprint("mirror", __name__)

    @blueprint.get("/metadata/<name>")
    @guard
    def metadata(name: str) -> Response:
        return _send(live / "metadata", name, max_age=0 if name == "timestamp.json" else _YEAR)

    @blueprint.get("/targets/<path:name>")
    @guard
    def targets(name: str) -> Response:
        try:
            return _send(live / "targets", name, max_age=_YEAR)
        except NotFound:
            if not ask(name):
                raise
        return Response("It is being fetched.\n", 503, {"Retry-After": _RETRY_AFTER})

    return blueprint


def _send(folder: Path, name: str, **how: Any) -> Response:
    # A name that leads out of the folder, and one that is not there, are the same 404.
    return send_from_directory(
        folder, name, mimetype="application/octet-stream", conditional=True, **how
    )
