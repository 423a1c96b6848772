"""Releases: how each spreads over the site, with what a person may order; what was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from comm_server.parts import Parts
from comm_server.rollout.reading import terms_of
from comm_server.rollout.rules import Snapshot, Stand
from comm_server.rollout.standing import state_of
from comm_server.rollout.telling import counts
from comm_server.rollout.terms import in_words
from comm_server.rollout.words import TEXTS, say_row
from common.errors import OperatorError
from common.spool import Row
from common.web.progress import Part, progress
from common.web.signin import person_here, signed_in
from common.web.texts import Texts

# Of each kind of client: its tone. The order is that of the bar, from left to right.
TONES = {
    Stand.INSTALLED: "good",
    Stand.GOING: "info",
    Stand.MISSING: "bad",
    Stand.FAILED: "bad",
    Stand.RETURNED: "warn",
    Stand.SILENT: "plain",
    Stand.BEFORE: "plain",
}
_STATES = {"halted": "bad", "held": "warn", "approval": "warn", "going": "info", "done": "good"}
_MOST_DECISIONS = 50
_QUESTIONS = ("open", "return")


@dataclass(frozen=True)
class Card:
    """One rollout on the page.

    Attributes:
        rings: as `comm_server.rollout.telling.counts` answers them.
        asked: what the vendor asks of the site for it, in words.
    """

    row: Row
    state: str
    tone: str
    sentence: str
    asked: str
    bar: Markup
    rings: list[dict[str, Any]]
    next_ring: str
    runs: int
    by_vendor: bool


def add_routes(blueprint: Blueprint, parts: Parts, texts: Texts) -> None:  # noqa: ARG001 - as all pages
    """``/releases-here`` (``/releases`` is the clients' mirror) and the orders on it."""

    @blueprint.get("/releases-here")
    @signed_in
    def releases() -> ResponseReturnValue:
        cards = [_card(parts, row, n) for n, row in enumerate(parts.rollout.rollouts())]
        return render_template(
            "console/releases.html",
            r=TEXTS.t,
            cards=[card for card in cards if card.state not in {"superseded", "done"}],
            halts=parts.rollout.halts(),
            mirrored=parts.rollout.mirrored(),
            refusals=parts.rollout.refusals(),
            decisions=[
                {**row, "sentence": say_row(row)}
                for row in parts.rollout.decisions(_MOST_DECISIONS)
            ],
        )

    @blueprint.get("/releases-here/<order>")
    @signed_in
    def release_question(order: str) -> ResponseReturnValue:
        if order not in _QUESTIONS:
            abort(404)
        product, version = request.args.get("product", ""), request.args.get("version", "")
        card = next(
            (
                _card(parts, row, 0)
                for row in parts.rollout.rollouts()
                if (row["product"], row["version"]) == (product, version)
            ),
            None,
        ) or abort(404)
        return render_template("console/order.html", r=TEXTS.t, order=order, card=card)

    @blueprint.post("/releases-here/<order>")
    @signed_in
    def order_release(order: str) -> ResponseReturnValue:
        product, version = request.form.get("product", ""), request.form.get("version", "")
        try:
            said, tone = _obey(parts, order, product, version)
        except OperatorError as error:
            said, tone = str(error), "error"
        flash(said, tone)
        return redirect(url_for("console.releases"), 303)


def _obey(parts: Parts, order: str, product: str, version: str) -> tuple[str, str]:
    """Carry an order out; what to say, and its tone. Raises OperatorError."""
    orders, person = parts.orders, person_here().name
    about = {"product": product, "version": version}
    if order == "resume":
        lifted = orders.resume(product, version, person)
        return TEXTS.t("rollout.said.resumed" if lifted else "rollout.said.not_halted", **about), (
            "good" if lifted else "info"
        )
    if order in {"approve", "open"}:
        ring = orders.approve(product, version, person, at_once=order == "open")
        return TEXTS.t(f"rollout.said.{order}", ring=ring, **about), "good"
    if order == "hold":
        given = request.form.get("hours", "")
        orders.hold(product, version, person, float(given) if given.isdigit() else None)
        return TEXTS.t("rollout.said.held", **about), "good"
    if order != "return":
        abort(404)
    count = orders.send_back(product, version, person)
    return TEXTS.t("rollout.said.returned", count=count, **about), "good"


def bar_of(s: Snapshot, name: str) -> Markup:
    """The picture of how far a rollout has come."""
    totals = {stand: sum(m.stand is stand for m in s.members) for stand in TONES}
    parts = [Part(TONES[st], TEXTS.t(f"rollout.stand.{st}"), n) for st, n in totals.items()]
    return progress(parts, title=TEXTS.t("rollout.page.progress"), name=name)


def _card(parts: Parts, row: Row, number: int) -> Card:
    s = parts.rollout.look(row)
    state = state_of(s, row)
    following = s.open + 1
    return Card(
        row=row,
        state=state,
        tone=_STATES.get(state, "plain"),
        sentence=say_row(row),
        asked=in_words(terms_of(parts.store.rows, row)),
        bar=bar_of(s, f"rollout-{number}"),
        rings=counts(s),
        next_ring=s.rings[following].name if following < len(s.rings) and not s.halted else "",
        runs=sum(m.stand is Stand.INSTALLED for m in s.members),
        by_vendor=s.by_vendor,
    )
