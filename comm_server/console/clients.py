"""Clients: who has joined, how they are; let one in, put one out."""

from __future__ import annotations

import contextlib
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from comm_server import attention
from comm_server.fleet.codes import new_invitation
from comm_server.parts import Parts
from comm_server.rollout.standing import standings
from comm_server.rollout.words import TEXTS
from common.errors import OperatorError
from common.logs import get_logger
from common.web.pages import when
from common.web.signin import person_here, signed_in
from common.web.texts import Texts

log = get_logger(__name__)
_MOST_VITALS = 60
# Of `updater.vitals`; whatever else a client tells is shown as it is.
_BYTES = {"network.sent", "network.received"}
_STAMPS = {"at", "booted"}


def add_routes(blueprint: Blueprint, parts: Parts, texts: Texts) -> None:
    """``/clients``, one client, its revocation, and join codes."""

    @blueprint.get("/clients")
    @signed_in
    def clients() -> ResponseReturnValue:
        silent = attention.silent_clients(
            parts.store, parts.settings.current.console, parts.clock.now()
        )
        return render_template(
            "console/clients.html",
            clients=parts.fleet.all(),
            standings=standings(parts.rollout),
            r=TEXTS.t,
            silent={row["client"] for row in silent},
        )

    @blueprint.post("/clients/code")
    @signed_in
    def join_code() -> ResponseReturnValue:
        invitation = new_invitation(parts.authority.fingerprint)
        expires = parts.fleet.keep_invitation(invitation.secret_sha256)
        log.info("console.invited", by=person_here().name, expires_at=expires)
        # Answered here and nowhere stored: a redirect would need to carry it.
        return render_template(
            "console/join_code.html",
            code=invitation.text,
            expires=expires,
            address=_address(parts),
        )

    @blueprint.get("/clients/<client>")
    @signed_in
    def client(client: str) -> ResponseReturnValue:
        return render_template("console/client.html", **_shown(parts, client))

    @blueprint.post("/clients/<client>/ring")
    @signed_in
    def set_ring(client: str) -> ResponseReturnValue:
        ring = request.form.get("ring", "")
        try:
            name = parts.orders.set_ring(client, ring, person_here().name)
        except OperatorError as error:
            flash(str(error), "error")
            return redirect(url_for("console.clients"), 303)
        said = "rollout.said.ring" if ring else "rollout.said.ring_free"
        flash(TEXTS.t(said, client=name, ring=ring), "good")
        return redirect(url_for("console.client", client=client), 303)

    @blueprint.get("/clients/<client>/revoke")
    @signed_in
    def revoke_question(client: str) -> ResponseReturnValue:
        return render_template("console/revoke.html", **_shown(parts, client))

    @blueprint.post("/clients/<client>/revoke")
    @signed_in
    def revoke(client: str) -> ResponseReturnValue:
        known = parts.fleet.one(client)
        if known is None or not parts.fleet.revoke(client):
            abort(404)
        log.warning("client.revoked", client=client, name=known["name"], by=person_here().name)
        flash(texts.t("console.clients.revoked", name=known["name"]), "good")
        return redirect(url_for("console.clients"), 303)


def _shown(parts: Parts, client: str) -> dict[str, Any]:
    found = parts.fleet.one(client)
    if found is None:
        abort(404)
    given = parts.store.value("SELECT ring FROM client_rings WHERE client = ?", (client,))
    return {
        "client": found,
        "vitals": flat(found["vitals"]),
        "standings": standings(parts.rollout),
        "rings": parts.orders.rings(),
        "ring": given or "",
        "r": TEXTS.t,
    }


def _address(parts: Parts) -> str:
    settings = parts.settings.current
    return f"{settings.names[0] if settings.names else 'localhost'}:{settings.port}"


def flat(vitals: Any, prefix: str = "") -> list[tuple[str, str]]:
    """A client's facts as lines: nested names joined by a dot; programs have their own place."""
    lines: list[tuple[str, str]] = []
    for name, value in vitals.items() if isinstance(vitals, dict) else ():
        if not prefix and name == "programs":
            continue
        if isinstance(value, dict):
            lines += flat(value, f"{prefix}{name}.")
        else:
            lines.append((f"{prefix}{name}"[:100], _words(f"{prefix}{name}", value)))
    return lines[:_MOST_VITALS]


def _words(name: str, value: Any) -> str:
    """Bytes as GiB, a stamp as local time, a list with commas."""
    sized = name in _BYTES or name.startswith(("memory.", "disk."))
    if sized and isinstance(value, int) and 0 <= value < 2**60:
        return f"{value / 2**30:.1f} GiB"
    if name in _STAMPS:
        with contextlib.suppress(ValueError, OverflowError):
            return when(str(value))
    text = ", ".join(str(v) for v in value) if isinstance(value, list) else str(value)
    return text[:500]
