"""Problems: the list, and one with its latest report."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from comm_server import histogram
from comm_server import problems as service
from comm_server.console.paging import PER_PAGE, page_number
from comm_server.console.trace import read_trace
from comm_server.parts import Parts
from common.web.chart import history
from common.web.signin import signed_in
from common.web.texts import Texts


def add_routes(blueprint: Blueprint, parts: Parts, texts: Texts) -> None:
    """``/problems`` and ``/problems/<id>``."""

    @blueprint.get("/problems")
    @signed_in
    def problems() -> ResponseReturnValue:
        page = page_number(request.args.get("page"))
        rows = service.listing(parts.store, PER_PAGE + 1, page * PER_PAGE)
        return render_template(
            "console/problems.html", problems=rows[:PER_PAGE], page=page, more=len(rows) > PER_PAGE
        )

    @blueprint.get("/problems/<int(max=9223372036854775807):number>")
    @signed_in
    def problem(number: int) -> ResponseReturnValue:
        found = service.by_id(parts.store, number)
        if found is None:
            abort(404)
        report = service.latest_report(parts.store, number)
        return render_template(
            "console/problem.html",
            problem=found,
            sightings=service.sightings(parts.store, number),
            report=report,
            chart=history(
                histogram.hours(parts.store, number), parts.clock.now().astimezone(), texts.t
            ),
            trace=read_trace(report["event"]) if report and report["event"] else [],
        )
