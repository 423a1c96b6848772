"""The desk: one page for all who are signed in, and the files that make it a program."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, get_flashed_messages, make_response, render_template
from flask.typing import ResponseReturnValue

from appliance.api.access import user_here
from appliance.api.built import send_built
from appliance.domain.roles import MANAGE_FLOOR, PERMISSIONS, TAKE_CONVERSATIONS, may
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
# What an agent needs whatever page is opened: asked for at once, not one after the other.
_AGENTS = ("agent/AgentBar.vue", "agent/AgentPage.vue", "agent/texts/{language}.json")
_YEAR = 365 * 86400


def desk_page(
    users: Users, settings: Callable[[], ApplianceSettings], built: Path = BUILT
) -> Blueprint:
    """The blueprint; ``built`` is where `setup.py` put the front ends."""
    blueprint = Blueprint("pages", __name__, template_folder="templates")

    @signed_in
    def page(rest: str = "") -> ResponseReturnValue:  # noqa: ARG001 - the desk reads it itself
        user = user_here(users)
        agent = _AGENTS if may(user.role, TAKE_CONVERSATIONS) else ()
        language = current_language()
        scripts, styles = needed(
            manifest(built), (_ENTRY, *(one.format(language=language) for one in agent))
        )
        known = {
            "language": language,
            "user": {
                "id": user.id, "name": user.name, "display_name": user.display_name,
                "role": str(user.role),
            },
            "permissions": sorted(PERMISSIONS[user.role]),
            "csrf": csrf_token(),
            "release": str(build()),
            "refresh_seconds": settings().refresh_seconds,
            "told": get_flashed_messages(with_categories=True),
            # Whoever set it up is alone still: the desk shows what to do first.
            "first_steps": may(user.role, MANAGE_FLOOR) and len(users.all()) == 1,
        }  # fmt: skip
        answer = make_response(
            render_template(
                "desk.html", script=scripts[0], sooner=scripts[1:], styles=styles, settings=known
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
        answer = send_built(built, name, max_age=_YEAR)
        answer.cache_control.immutable = True  # the name has the content's hash
        return answer

    return blueprint


def needed(
    known: Mapping[str, dict[str, Any]], sources: Iterable[str]
) -> tuple[list[str], list[str]]:
    """The scripts, the first source's first, and the styles that ``sources`` need to run."""
    seen: list[str] = []
    todo = list(sources)
    while todo:
        one = todo.pop(0)
        if one not in seen:
            seen.append(one)
            todo += known[one].get("imports", [])
    styles = [style for one in seen for style in known[one].get("css", [])]
    return [known[one]["file"] for one in seen], list(dict.fromkeys(styles))


@lru_cache(maxsize=4)
def _read(file: Path, _changed: int) -> Mapping[str, dict[str, Any]]:
    found: Mapping[str, dict[str, Any]] = json.loads(file.read_bytes())
    return found


def manifest(built: Path) -> Mapping[str, dict[str, Any]]:
    """What was built: by source, the file's name and its styles. Raises OperatorError."""
    file = built / "manifest.json"
    try:
        return _read(file, file.stat().st_mtime_ns)
    except FileNotFoundError as error:
        raise OperatorError(
            "The desk was not built into this installation. Install Callstead again, or run "
            "`make setup` in a work tree."
        ) from error
