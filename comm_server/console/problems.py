"""Problems: the list, and one with its kept reports."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from comm_server import histogram, problem_list
from comm_server import problems as service
from comm_server.console.paging import PER_PAGE, page_number
from comm_server.parts import Parts
from comm_server.samples import sample
from common.web import sparkline
from common.web.chart import history
from common.web.event import view
from common.web.signin import signed_in
from common.web.texts import Texts

_FILTERS = ("search", "program", "machine", "state", "sort")
_KEPT = (*_FILTERS, "trend", "page")


def add_routes(blueprint: Blueprint, parts: Parts, texts: Texts) -> None:
    """``/problems`` and ``/problems/<id>``."""
    store = parts.store

    @blueprint.get("/problems")
    @signed_in
    def problems() -> ResponseReturnValue:
        by = problem_list.Filter(**{name: request.args.get(name, "")[:200] for name in _FILTERS})
        page = page_number(request.args.get("page"))
        rows = problem_list.list_problems(store, by, PER_PAGE, page * PER_PAGE)
        span = request.args.get("trend", "")
        span = span if span in sparkline.SPANS else "14d"
        return render_template(
            "console/problems.html",
            problems=rows,
            by=by,
            known=store.value("SELECT EXISTS (SELECT 1 FROM problems)"),
            total=problem_list.how_many(store, by),
            page=page,
            per_page=PER_PAGE,
            span=span,
            trends=_trends(parts, rows, span, texts),
            kept=_kept(request.args),
            sorts=problem_list.SORTS,
            states=problem_list.STATES,
            **problem_list.choices(store),
        )

    @blueprint.get("/problems/<int(max=9223372036854775807):number>")
    @signed_in
    def problem(number: int) -> ResponseReturnValue:
        found = service.by_id(store, number)
        if found is None:
            abort(404)
        skews = {c["name"]: c["vitals"].get("clock_skew") or 0.0 for c in parts.fleet.all()}
        one = sample(
            store,
            number,
            page_number(request.args.get("report")),
            parts.settings.current.logs,
            skews,
        )
        back = request.args.get("back", "")
        kept = _kept(dict(parse_qsl(back[:2000])))
        return render_template(
            "console/problem.html",
            problem=found,
            sightings=service.sightings(store, number),
            sample=one,
            event=view(one.event, one.row["received_at"]) if one and one.event else None,
            back=back,
            list_url=url_for("console.problems") + (f"?{urlencode(kept)}" if kept else ""),
            chart=history(histogram.hours(store, number), parts.clock.now().astimezone(), texts.t),
        )


def _trends(parts: Parts, rows: list[dict[str, Any]], span: str, texts: Texts) -> dict[int, Any]:
    now = parts.clock.now()
    counted = problem_list.hours_since(
        parts.store, [row["id"] for row in rows], sparkline.begins(span, now)
    )
    title = texts.t(f"console.trend.{span}")
    return {
        number: sparkline.sparkline(hours, span, now, title) for number, hours in counted.items()
    }


def _kept(given: Any) -> dict[str, str]:
    """What of a list's address the way back needs; nothing else is taken from anywhere."""
    return {name: given[name][:200] for name in _KEPT if given.get(name)}
