"""The first page: how the site stands, and what needs a person."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from comm_server import alarms, attention
from comm_server.alarms import readable
from comm_server.attention import Line
from comm_server.disk.guard import AGAIN, LOW
from comm_server.parts import Parts
from comm_server.rollout.words import say_row
from common.spool import Row
from common.web.pages import when
from common.web.signin import signed_in
from common.web.texts import Texts

_STAMPS = {"last", "oldest", "since", "created_at", "delivered_at"}
# A kind with more than this shows its count and the page that lists them all.
_MOST_SHOWN = 5


def add_routes(blueprint: Blueprint, parts: Parts, texts: Texts) -> None:
    """``/``."""

    @blueprint.get("/")
    @signed_in
    def overview() -> ResponseReturnValue:
        settings, now = parts.settings.current.console, parts.clock.now()
        lines = [
            {"kind": line.kind, "tone": line.tone, "text": _sentence(line, texts)}
            for line in attention.health(parts.store, settings, now)
        ]
        return render_template(
            "console/overview.html",
            site=parts.site,
            lines=lines,
            needs=attention.needs(parts.store, settings, now),
            alarm=lambda row: _alarm(row, texts),
            rollout=say_row,
            full=_full(parts, texts),
            most=_MOST_SHOWN,
        )


def _alarm(row: Row, texts: Texts) -> str:
    told = alarms.told(row)
    return texts.t(f"alarm.{told['kind']}", **readable(told["facts"]))


def _full(parts: Parts, texts: Texts) -> str:
    """A sentence while the disk is full, else empty."""
    begun, ended = alarms.last(parts.store, LOW), alarms.last(parts.store, AGAIN)
    if begun is None or (ended is not None and ended["id"] > begun["id"]):
        return ""
    return texts.t(
        "console.overview.disk_full",
        since=when(begun["at"]),
        free=parts.settings.current.disk.resume_free // 2**20,
        folder=parts.folder,
    )


def _sentence(line: Line, texts: Texts) -> str:
    values: dict[str, Any] = {
        name: when(value) if name in _STAMPS else value for name, value in line.values.items()
    }
    return texts.t(f"console.health.{line.kind}.{line.state}", **values)
