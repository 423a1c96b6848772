"""How the site stands, for its own programs: `common.wire.site_report`, answered to the appliance.

Who asks shows the key of a DSN that was made for the program ``appliance``. The answer holds what
its administrators may know anyway: no report's text, no key, no address of a computer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Flask, Response, jsonify, request

from comm_server.dsns import dsn_with, program_of
from comm_server.parts import Parts
from comm_server.rollout.rings import site_rings
from comm_server.rollout.standing import told_home
from comm_server.schedule import next_due
from common.clock import stamp
from common.window import Window
from common.wire import site_report as wire

ASKER = "appliance"


def add_route(app: Flask, parts: Parts) -> None:
    """``GET /site-report``."""

    @app.get(wire.PATH)
    def site_report() -> Response:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        number = dsn_with(parts.store, None, key.strip()) if scheme.lower() == "bearer" else None
        if number is None or program_of(parts.store, number) != ASKER:
            response = jsonify(
                error="stranger",
                message=f"This address is for the program {ASKER!r} of this site, which shows the "
                f"key of its DSN. Make one with `callstead comm dsn {ASKER}`.",
            )
            response.status_code = 403
            return response
        response = jsonify(report_of(parts).as_dict())
        response.headers["Cache-Control"] = "no-store"
        return response


def report_of(parts: Parts) -> wire.SiteReport:
    """Read from the database now."""
    now = parts.clock.now()
    reason, at = next_due(*parts.courier.waiting(), now)
    return wire.SiteReport(
        site=parts.site.name,
        at=stamp(now),
        recipient=str(parts.site.mail["to"]),
        mails=tuple(_mail(parts, row) for row in parts.outbox.listing(wire.MOST_MAILS)),
        next=wire.NextMail(reason, stamp(at)),
        windows=tuple(_window(row, now) for row in parts.orders.windows_in_force()),
        rings=tuple(one.as_text() for one in site_rings(parts.settings.current.rollout.rings)),
        releases=tuple(_release(one) for one in told_home(parts.rollout, when=str)),
    )


def _mail(parts: Parts, row: Mapping[str, Any]) -> wire.MailHome:
    said = json.loads(row["summary"])
    return wire.MailHome(
        sequence=row["sequence"],
        reason=row["reason"],
        state=row["state"],
        created_at=row["created_at"],
        sent_at=row["sent_at"] or "",
        delivered_at=row["delivered_at"] or "",
        problems=len(said.get("problems", ())),
        reports=len(said.get("reports", ())),
        updates=int(
            parts.store.value("SELECT count(*) FROM receipts WHERE bundle = ?", (row["sequence"],))
        ),
        masked=sum(said.get("scrubbed", {}).values()),
        bytes=row["size"],
    )


def _window(row: Mapping[str, Any], now: datetime) -> wire.RestartWindow:
    window = Window(row["cron"], row["minutes"], row["zone"])
    opens = window.opens(now) if window.cron else None
    return wire.RestartWindow(
        ring=row["ring"],
        cron=window.cron,
        minutes=window.minutes,
        zone=window.zone,
        open=not window.cron or window.is_open(now),
        opens_at=stamp(opens) if opens else "",
    )


def _release(told: Mapping[str, Any]) -> wire.ReleaseHere:
    return wire.ReleaseHere(
        product=told["product"],
        channel=told["channel"],
        version=told["version"],
        state=told["state"],
        sentences={"en": told["sentence"], "zh-CN": told["sentence_zh"]},
        installed=sum(ring["installed"] for ring in told["rings"]),
        clients=sum(ring["clients"] for ring in told["rings"]),
    )
