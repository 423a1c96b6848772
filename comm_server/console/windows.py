"""The window for restarts, as people set it: days, a time, a length; or cron, by command line."""

from __future__ import annotations

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from comm_server.parts import Parts
from comm_server.rollout.words import TEXTS
from common.errors import OperatorError
from common.spool import Row
from common.web.signin import person_here, signed_in
from common.web.texts import Texts
from common.window import Window

DAYS = {"every": "*", "workdays": "mon-fri", "weekend": "sat,sun"}
_CRON = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* (\S+)")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def add_routes(blueprint: Blueprint, parts: Parts, texts: Texts) -> None:  # noqa: ARG001 - as all pages
    """``/windows``."""

    @blueprint.get("/windows")
    @signed_in
    def windows() -> ResponseReturnValue:
        now = parts.clock.now()
        return render_template(
            "console/windows.html",
            r=TEXTS.t,
            rows=[
                {**row, "said": in_words(row), "open": _is_open(row, now)}
                for row in parts.orders.windows_in_force()
            ],
            rings=parts.orders.rings(),
            days=DAYS,
        )

    @blueprint.post("/windows")
    @signed_in
    def set_window() -> ResponseReturnValue:
        form = request.form
        try:
            if form.get("order") == "clear":
                window = None
            elif form.get("order") == "always":
                window = Window("", 1)
            else:
                window = _from_form(*(form.get(k, "") for k in ("days", "from", "hours", "zone")))
            parts.orders.set_window(window, person_here().name, form.get("ring", ""))
            flash(TEXTS.t("rollout.said.window"), "good")
        except OperatorError as error:
            flash(str(error), "error")
        return redirect(url_for("console.windows"), 303)


def in_words(row: Row) -> str:
    """A window as a sentence; one that was not made by this page is shown as its cron."""
    if not row["cron"]:
        return TEXTS.t("rollout.window.always")
    zone = row["zone"] or TEXTS.t("rollout.window.here")
    hours = f"{row['minutes'] / 60:g}"
    known = {cron: word for word, cron in DAYS.items()}
    found = _CRON.fullmatch(row["cron"])
    if found is None or found[3] not in known:
        return TEXTS.t("rollout.window.cron", cron=row["cron"], hours=hours, zone=zone)
    begin = f"{int(found[2]):02d}:{int(found[1]):02d}"
    days = TEXTS.t(f"rollout.window.{known[found[3]]}")
    return TEXTS.t("rollout.window.said", days=days, begin=begin, hours=hours, zone=zone)


def _from_form(days: str, begin: str, hours: str, zone: str) -> Window:
    found = _TIME.fullmatch(begin)
    if days not in DAYS or found is None or not hours.isdigit():
        raise OperatorError(TEXTS.t("rollout.window.odd"))
    cron = f"{int(found[2])} {int(found[1])} * * {DAYS[days]}"
    return Window(cron, int(hours) * 60, zone.strip()).check()


def _is_open(row: Row, now: object) -> bool:
    window = Window(row["cron"], row["minutes"], row["zone"])
    return not window.cron or window.is_open(now)  # type: ignore[arg-type]
