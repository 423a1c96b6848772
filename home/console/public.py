"""What sites fetch without signing in; TUF and signatures protect it, not this server.

``/releases/metadata/…``, ``/releases/targets/…`` and ``/acks/<site>.json``.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, send_from_directory

from home.console.context import Context

# A target's name holds its hash, so its bytes never change under one name.
_FOREVER = 365 * 24 * 3600


def public_blueprint(context: Context) -> Blueprint:
    """Files with Range and conditional requests."""
    blueprint = Blueprint("public", __name__)
    publication = context.folder / "publication"

    @blueprint.get("/releases/metadata/<path:name>")
    def metadata(name: str) -> Response:
        answer = _send(publication / "metadata", name, 0)
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    @blueprint.get("/releases/targets/<path:name>")
    def targets(name: str) -> Response:
        return _send(publication / "targets", name, _FOREVER)

    @blueprint.get("/acks/<name>")
    def acks(name: str) -> Response:
        answer = _send(context.folder / "acks", name, 0)
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    return blueprint


def _send(folder: object, name: str, seconds: int) -> Response:
    # A name with a dot is a file that is just being written.
    if any(part.startswith(".") for part in name.split("/")):
        abort(404)
    return send_from_directory(str(folder), name, conditional=True, max_age=seconds)
