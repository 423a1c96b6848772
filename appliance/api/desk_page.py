"""The desk: one page for all who are signed in, and the files that make it a program."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, abort, make_response, render_template, send_from_directory
from flask.typing import ResponseReturnValue

from appliance.api.access import user_here
from appliance.domain.roles import MANAGE_FLOOR, PERMISSIONS, may
from appliance.domain.users import Users
from appliance.settings import ApplianceSettings
from common.errors import OperatorError
from common.version import build
from common.web.csrf import csrf_token
from common.web.signin import signed_in
from common.web.texts import current_language

BUILT = Path(__file__).resolve().parents[1] / "static" / "built" / "desk"
# Which paths are the desk's own: see appliance/web/desk/routes.ts.
AREAS = ("account", "conversations", "supervisor", "reports", "admin", "running")
_ENTRY = "main.ts"
_YEAR = 365 * 86400


def desk_page(
    users: Users, settings: Callable[[], ApplianceSettings], built: Path = BUILT
) -> Blueprint:
    """The blueprint; ``built`` is where `setup.py` put the front ends."""
    blueprint = Blueprint("pages", __name__, template_folder="templates")

    @signed_in
    def page(rest: str = "") -> ResponseReturnValue:  # noqa: ARG001 - the desk reads it itself
        user = user_here(users)
        entry = manifest(built)[_ENTRY]
        known = {
            "language": current_language(),
            "user": {
                "id": user.id, "name": user.name, "display_name": user.display_name,
                "role": str(user.role),
            },
            "permissions": sorted(PERMISSIONS[user.role]),
            "csrf": csrf_token(),
            "release": str(build()),
            "refresh_seconds": settings().refresh_seconds,
            # Whoever set it up is alone still: the desk shows what to do first.
            "first_steps": may(user.role, MANAGE_FLOOR) and len(users.all()) == 1,
        }  # fmt: skip
        answer = make_response(
            render_template(
                "desk.html", script=entry["file"], styles=entry.get("css", []), settings=known
            )
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    blueprint.add_url_rule("/", "home", page)
    for area in AREAS:
        blueprint.add_url_rule(f"/{area}", f"{area}_home", page)
        blueprint.add_url_rule(f"/{area}/<path:rest>", area, page)

    @blueprint.get("/desk/<name>")
    def file(name: str) -> ResponseReturnValue:
        if name == "manifest.json":
            abort(404)
        answer = send_from_directory(built, name, max_age=_YEAR)
        answer.cache_control.immutable = True  # the name has the content's hash
        return answer

    return blueprint


@lru_cache(maxsize=4)
def _read(file: Path, _changed: int) -> Mapping[str, dict[str, object]]:
    found: Mapping[str, dict[str, object]] = json.loads(file.read_bytes())
    return found


def manifest(built: Path) -> Mapping[str, dict[str, object]]:
    """What was built: by source, the file's name and its styles. Raises OperatorError."""
    file = built / "manifest.json"
    try:
        return _read(file, file.stat().st_mtime_ns)
    except FileNotFoundError as error:
        raise OperatorError(
            "The desk was not built into this installation. Install Callstead again, or run "
            "`make setup` in a work tree."
        ) from error
