"""Forms that merge problems and take them apart again."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request
from flask.typing import ResponseReturnValue

from common.errors import RefusedError
from common.spool import Store
from common.web.signin import person_here, signed_in
from common.web.texts import Texts
from home.console.context import Context
from home.console.decision_pages import tell
from home.console.problem_page import here
from home.inbox import merges, problems


def add_pages(blueprint: Blueprint, context: Context, texts: Texts) -> None:
    """Add them to the console's blueprint."""
    store = context.store

    @blueprint.post("/problems/<int:number>/merge")
    @signed_in
    def merge(number: int) -> ResponseReturnValue:
        other = _named(store, request.form.get("other", ""))
        if other is None:
            flash(texts.t("merge.unknown"), "bad")
            return redirect(here(number), 303)
        try:
            head = merges.merge(store, number, other, person_here().name, context.clock)
        except RefusedError as error:
            flash(texts.t("merge.refused", reason=texts.t(f"merge.why.{error.kind}")), "bad")
            return redirect(here(number), 303)
        tell(context, head)
        flash(texts.t("merge.done"), "good")
        return redirect(here(head), 303)

    @blueprint.post("/problems/<int:number>/split")
    @signed_in
    def split(number: int) -> ResponseReturnValue:
        try:
            head = merges.split(store, number, person_here().name, context.clock)
        except RefusedError:
            abort(404)
        tell(context, head)
        tell(context, number)
        flash(texts.t("merge.undone"), "good")
        return redirect(here(head), 303)


def _named(store: Store, given: str) -> int | None:
    """A problem by its number, ``#7``, or by its fingerprint."""
    plain = given.strip().removeprefix("#")
    found = problems.by_fingerprint(store, plain)
    if len(found) == 1:
        return found[0]
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 10 else None
