"""Sites, their bundles, and the mails that were refused."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from common.web.signin import signed_in
from common.web.texts import Texts
from home import fleet, rollouts
from home.console.context import Context
from home.console.release_bars import spread_rows
from home.inbox import bundles as kept
from home.inbox import chain, refused
from home.sites import list_sites, silent_sites

_MOST_SPREADS = 10


def add_pages(blueprint: Blueprint, context: Context, texts: Texts) -> None:
    """Add them to the console's blueprint."""
    store = context.store

    def silent() -> set[str]:
        rows = silent_sites(store, context.clock, context.inbox().silent_after)
        return {row["id"] for row in rows}

    @blueprint.get("/sites")
    @signed_in
    def sites() -> ResponseReturnValue:
        return render_template("home/sites.html", rows=list_sites(store), silent=silent())

    @blueprint.get("/sites/<site>")
    @signed_in
    def site(site: str) -> ResponseReturnValue:
        row = next((row for row in list_sites(store) if row["id"] == site), None) or abort(404)
        return render_template(
            "home/site.html",
            row=row,
            silent=site in silent(),
            gaps=chain.gaps(store, site),
            clients=fleet.clients(store, site),
            receipts=fleet.latest(store, site),
            refusals=fleet.refusals(store, site),
            alarms=fleet.alarms(store, site),
            spreads=spread_rows(rollouts.of_site(store, site)[:_MOST_SPREADS], texts),
            bundles=kept.list_bundles(store, site, most=50),
        )

    @blueprint.get("/bundles")
    @signed_in
    def bundles() -> ResponseReturnValue:
        return render_template(
            "home/bundles.html", rows=kept.list_bundles(store), gaps=chain.gaps(store)
        )

    @blueprint.get("/bundles/<int:number>")
    @signed_in
    def bundle(number: int) -> ResponseReturnValue:
        return render_template("home/bundle.html", row=kept.bundle(store, number) or abort(404))

    @blueprint.get("/refused")
    @signed_in
    def refused_mails() -> ResponseReturnValue:
        rows = refused.list_refused(store)
        unnoted = any(row["noted_at"] is None for row in rows)
        return render_template("home/refused.html", rows=rows, unnoted=unnoted)

    @blueprint.post("/refused/noted")
    @signed_in
    def note_refused() -> ResponseReturnValue:
        refused.note_all(store, context.clock)
        return redirect(url_for("pages.refused_mails"), 303)
