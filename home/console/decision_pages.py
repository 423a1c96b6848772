"""Forms of the vendor's work on a problem; each change goes out to the sites that have it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request
from flask.typing import ResponseReturnValue

from common.logs import get_logger
from common.web.signin import person_here, signed_in
from common.web.texts import Texts
from home.console.context import Context
from home.console.problem_page import here
from home.inbox import decisions

log = get_logger(__name__)
# Form's address -> kind of decision, and the fields with its value, the first that is filled
# in (empty: there is none).
_FORMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "resolve": ("resolved", ("other", "release")),
    "ignore": ("ignored", ()),
    "take-back": ("open", ()),
    "assign": ("assigned", ("to",)),
}


def add_pages(blueprint: Blueprint, context: Context, texts: Texts) -> None:
    """Add them to the console's blueprint."""
    store = context.store

    @blueprint.post("/problems/<int:number>/<any('resolve','ignore','take-back','assign'):what>")
    @signed_in
    def decide(number: int, what: str) -> ResponseReturnValue:
        kind, fields = _FORMS[what]
        given = (" ".join(request.form.get(field, "").split()) for field in fields)
        value = next((one for one in given if one), "")
        back = redirect(here(number), 303)
        if len(value) > decisions.MOST_VALUE or not value.isprintable():
            abort(400)
        if kind == "resolved" and (not value or " " in value):
            flash(texts.t("work.no_release"), "bad")
            return back
        if not decisions.decide(store, number, kind, value, person_here().name, context.clock):
            abort(404)
        if kind != "assigned":
            tell(context, number)
        return back


def tell(context: Context, number: int) -> None:
    """Sign anew what the sites are told; what fails here is made up at the next start."""
    for site in decisions.sites_of(context.store, number):
        try:
            context.acknowledger.write(site)
        except OSError as error:
            log.warning("acknowledgement.not_written", site=site, reason=str(error))
