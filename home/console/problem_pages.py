"""The overview, the list of problems, one problem, one report."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from common.web.chart import history
from common.web.signin import person_here, signed_in
from common.web.texts import Texts
from home.attention import gather
from home.console.context import Context
from home.inbox import decisions, histogram, problems, reports
from home.sites import list_sites

_FIGURES = ("sites", "clients", "problems", "bundles", "reports")


def add_pages(blueprint: Blueprint, context: Context, texts: Texts) -> None:
    """Add them to the console's blueprint."""
    store = context.store

    @blueprint.get("/")
    @signed_in
    def overview() -> ResponseReturnValue:
        hours = context.inbox().silent_after
        figures = [(f"count.{name}", store.value(f"SELECT COUNT(*) FROM {name}"))  # noqa: S608 - constants
                   for name in _FIGURES]  # fmt: skip
        return render_template(
            "home/overview.html",
            now=gather(store, context.clock, hours),
            figures=figures,
            silent_after=f"{hours:g}",
        )

    @blueprint.get("/problems")
    @signed_in
    def all_problems() -> ResponseReturnValue:
        narrowed = problems.Filter(
            **{name: request.args.get(name, "") for name in ("search", "program", "site", "status")}
        )
        return render_template(
            "home/problems.html",
            rows=problems.list_problems(store, narrowed),
            narrowed=narrowed,
            programs=problems.programs(store),
            sites=list_sites(store),
        )

    @blueprint.get("/problems/<int:number>")
    @signed_in
    def problem(number: int) -> ResponseReturnValue:
        row = problems.problem(store, number) or abort(404)
        newest = reports.newest(store, number)
        window = context.inbox().log_window
        latest = (
            reports.report(store, newest[0]["site"], newest[0]["id"], window) if newest else None
        )
        return render_template(
            "home/problem.html",
            row=row,
            newest=newest,
            report=latest,
            decisions=decisions.history(store, number),
            log_window=f"{window:g}",
            chart=history(
                histogram.hours(store, number), context.clock.now().astimezone(), texts.t
            ),
        )

    @blueprint.post("/problems/<int:number>/seen")
    @signed_in
    def mark_seen(number: int) -> ResponseReturnValue:
        if not problems.mark_seen(store, number, person_here().name, context.clock):
            abort(404)
        return redirect(url_for("pages.problem", number=number), 303)

    @blueprint.get("/reports/<site>/<name>")
    @signed_in
    def report(site: str, name: str) -> ResponseReturnValue:
        window = context.inbox().log_window
        found = reports.report(store, site, name, window) or abort(404)
        return render_template("home/report.html", report=found, log_window=f"{window:g}")
