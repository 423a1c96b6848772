"""The overview, the list of problems, and the way from a mail to a problem."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from common.web import sparkline
from common.web.signin import signed_in
from common.web.texts import Texts
from home.attention import gather
from home.console.context import Context
from home.inbox import histogram, problems
from home.sites import names

_FIGURES = ("sites", "clients", "problems", "bundles", "reports")
# What the list's address may say; a problem's page keeps it for the way back.
_FILTERS = ("search", "program", "site", "status", "release", "sort")
_KEPT = (*_FILTERS, "trend", "page")
_MOST_PAGES = 100_000


def add_pages(blueprint: Blueprint, context: Context, texts: Texts) -> None:
    """Add them to the console's blueprint."""
    store = context.store

    def trends(rows: list[Any], span: str) -> dict[int, Any]:
        now = context.clock.now()
        members = problems.members_of(store, [row["id"] for row in rows])
        counted = histogram.since(store, members, sparkline.begins(span, now))
        title = texts.t(f"trend.{span}")
        return {
            head: sparkline.sparkline(hours, span, now, title) for head, hours in counted.items()
        }

    @blueprint.get("/")
    @signed_in
    def overview() -> ResponseReturnValue:
        hours = context.inbox().silent_after
        figures = [(f"count.{name}", store.value(f"SELECT COUNT(*) FROM {name}"))  # noqa: S608 - constants
                   for name in _FIGURES]  # fmt: skip
        now = gather(store, context.clock, hours)
        return render_template(
            "home/overview.html",
            now=now,
            trends=trends(now.problems, "14d"),
            span="14d",
            figures=figures,
            silent_after=f"{hours:g}",
        )

    @blueprint.get("/problems")
    @signed_in
    def all_problems() -> ResponseReturnValue:
        narrowed = problems.Filter(**{name: request.args.get(name, "") for name in _FILTERS})
        found = problems.by_fingerprint(store, narrowed.search.strip())
        if len(found) == 1:  # pasted out of a mail: there is nothing to choose
            return _to_the_fault(found[0])
        span = request.args.get("trend", "")
        span = span if span in sparkline.SPANS else "14d"
        page = page_number(request.args.get("page"))
        rows = problems.list_problems(store, narrowed, problems.PER_PAGE, page * problems.PER_PAGE)
        return render_template(
            "home/problems.html",
            rows=rows,
            total=problems.how_many(store, narrowed),
            known=store.value("SELECT EXISTS (SELECT 1 FROM problems)"),
            page=page,
            per_page=problems.PER_PAGE,
            narrowed=narrowed,
            kept=kept_filters(request.args),
            trends=trends(rows, span),
            span=span,
            programs=problems.programs(store),
            sites=names(store),
            sorts=problems.SORTS,
            statuses=problems.STATUSES,
        )

    @blueprint.get("/find/<fingerprint>")
    @signed_in
    def find(fingerprint: str) -> ResponseReturnValue:
        """Where the links of the sites' mails lead."""
        found = problems.by_fingerprint(store, fingerprint, request.args.get("program", ""))
        if len(found) == 1:
            return _to_the_fault(found[0])
        return redirect(url_for("pages.all_problems", search=fingerprint), 303)


def kept_filters(given: Any) -> dict[str, str]:
    """What of a list's address the way back needs; nothing else is taken from anywhere."""
    return {name: given[name][:200] for name in _KEPT if given.get(name)}


def page_number(text: str | None) -> int:
    """A page from the address, counted from 0; whatever is odd is the first page."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 6:
        return 0
    return min(int(text), _MOST_PAGES)


def _to_the_fault(number: int) -> ResponseReturnValue:
    return redirect(url_for("pages.problem", number=number, _anchor="fault"), 303)
