"""Releases: what clients may fetch here, what was halted, what was refused."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from comm_server.parts import Parts
from common.logs import get_logger
from common.web.signin import person_here, signed_in
from common.web.texts import Texts

log = get_logger(__name__)


def add_routes(blueprint: Blueprint, parts: Parts, texts: Texts) -> None:
    """``/releases-here`` (``/releases`` is the clients' mirror) and the lifting of a halt."""

    @blueprint.get("/releases-here")
    @signed_in
    def releases() -> ResponseReturnValue:
        return render_template(
            "console/releases.html",
            mirrored=parts.rollout.mirrored(),
            halts=parts.rollout.halts(),
            refusals=parts.rollout.refusals(),
        )

    @blueprint.post("/releases-here/resume")
    @signed_in
    def resume() -> ResponseReturnValue:
        product, version = request.form.get("product", ""), request.form.get("version", "")
        if parts.orders.resume(product, version, person_here().name):
            text = texts.t("console.releases.resumed", product=product, version=version)
            flash(text, "good")
        else:
            flash(texts.t("console.releases.not_halted"), "info")
        return redirect(url_for("console.releases"), 303)
