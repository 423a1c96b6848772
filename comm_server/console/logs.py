"""Log lines of all machines."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from comm_server.console.paging import PER_PAGE, page_number
from comm_server.log_search import LEVELS, Filter, search
from comm_server.parts import Parts
from comm_server.problem_list import choices
from common.clock import stamp
from common.web.signin import signed_in
from common.web.texts import Texts

_FIELDS = ("machine", "program", "level", "search")
_USUAL = timedelta(hours=24)


def add_routes(blueprint: Blueprint, parts: Parts, _texts: Texts) -> None:
    """``/logs``."""

    @blueprint.get("/logs")
    @signed_in
    def logs() -> ResponseReturnValue:
        now = parts.clock.now().astimezone()
        last = _moment(request.args.get("until", ""), now)
        first = _moment(request.args.get("since", ""), (last or now) - _USUAL)
        given = {name: request.args.get(name, "").strip()[:200] for name in _FIELDS}
        by = Filter(stamp(first), stamp(last + timedelta(minutes=1)), **given)
        page = page_number(request.args.get("page"))
        rows = search(parts.store, by, PER_PAGE + 1, page * PER_PAGE)
        return render_template(
            "console/logs.html",
            rows=rows[:PER_PAGE],
            more=len(rows) > PER_PAGE,
            page=page,
            by=by,
            since=f"{first:%Y-%m-%dT%H:%M}",
            until=f"{last:%Y-%m-%dT%H:%M}",
            kept={
                name: value for name, value in request.args.items() if name not in {"page", "lang"}
            },
            levels=LEVELS,
            known=parts.store.value("SELECT EXISTS (SELECT 1 FROM log_lines)"),
            **choices(parts.store),
        )


def _moment(text: str, otherwise: datetime) -> datetime:
    """What a browser's ``datetime-local`` field says, in this place's time."""
    try:
        found = datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError):
        return otherwise
    return found if 2000 <= found.year < 9000 else otherwise
