"""One problem with one of its kept reports, one report, and the files that came with it."""

from __future__ import annotations

import re
from functools import partial
from io import BytesIO
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, abort, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from common.spool import Row
from common.web.chart import history
from common.web.signin import person_here, signed_in
from common.web.texts import Texts
from home.console.context import Context
from home.console.problem_pages import kept_filters
from home.console.releases_known import known_releases
from home.inbox import decisions, fixes, histogram, problems, reports
from home.maps import maps_folder, readable

_UNSAFE = re.compile(r"[^\w.@+()\[\] -]+")


def add_pages(blueprint: Blueprint, context: Context, texts: Texts) -> None:
    """Add them to the console's blueprint."""
    store = context.store
    told = partial(readable, maps=maps_folder(context.folder))

    @blueprint.get("/problems/<int:number>")
    @signed_in
    def problem(number: int) -> ResponseReturnValue:
        row = problems.problem(store, number) or abort(404)
        if row["id"] != number:  # it was merged
            return redirect(here(row["id"]), 303)
        window = context.inbox().log_window
        asked = (request.args.get("site", ""), request.args.get("report", ""))
        sample = reports.sample(store, number, *asked)
        shown = sample and reports.report(store, sample.row["site"], sample.row["id"], window, told)
        back = request.args.get("back", "")
        fixed_in = fixes.split(row["resolved_in"], row["program"])
        return render_template(
            "home/problem.html",
            row=row,
            sample=sample,
            report=shown,
            back=back,
            list_url=_list_url(back),
            decisions=decisions.history(store, number),
            since=fixes.since(store, row) if row["resolved_in"] else None,
            fixed_in=fixed_in,
            releases=known_releases(context, _products(row))
            if row["state"] in {"", "back"}
            else [],
            published=known_releases(context, {fixed_in[0]}) if row["resolved_in"] else [],
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
        return redirect(here(number), 303)

    @blueprint.get("/reports/<site>/<name>")
    @signed_in
    def report(site: str, name: str) -> ResponseReturnValue:
        window = context.inbox().log_window
        found = reports.report(store, site, name, window, told) or abort(404)
        return render_template("home/report.html", report=found, log_window=f"{window:g}")

    @blueprint.get("/reports/<site>/<name>/files/<int:place>")
    @signed_in
    def attachment(site: str, name: str, place: int) -> Response:
        filename, data = reports.attachment(store, site, name, place) or abort(404)
        # A stranger's file: never shown by the browser as what it claims to be.
        answer = send_file(
            BytesIO(data),
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=_UNSAFE.sub("_", filename)[-100:].lstrip(".") or "attachment",
        )
        answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer


def _products(row: Row) -> set[str]:
    """What may fix it: the program, by the names that it and its releases have."""
    return {row["program"], *(fixes.split(name, row["program"])[0] for name in row["releases"])}


def here(number: int) -> str:
    """The address of a problem's page, with the way back that this request came with."""
    back = request.args.get("back", "")
    return url_for("pages.problem", number=number, back=back or None)


def _list_url(back: str) -> str:
    """The list as it was left; ``back`` is a query string that came from anywhere."""
    plain = dict(parse_qsl(back[:2000]))
    kept = kept_filters(plain)
    return url_for("pages.all_problems") + (f"?{urlencode(kept)}" if kept else "")
