"""Sent home: every bundle, and exactly what its mail says."""

from __future__ import annotations

import json

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from comm_server import sent_content
from comm_server.console.paging import PER_PAGE, page_number
from comm_server.mail.readable import rule_in_words
from comm_server.mail.told import told
from comm_server.parts import Parts
from common.web.signin import signed_in
from common.web.texts import Texts


def add_routes(blueprint: Blueprint, parts: Parts, texts: Texts) -> None:
    """``/sent`` and ``/sent/<sequence>``."""

    @blueprint.get("/sent")
    @signed_in
    def sent() -> ResponseReturnValue:
        page = page_number(request.args.get("page"))
        rows = parts.outbox.listing(PER_PAGE + 1, page * PER_PAGE)
        for row in rows:
            row["summary"] = json.loads(row["summary"])
        return render_template(
            "console/sent.html", bundles=rows[:PER_PAGE], page=page, more=len(rows) > PER_PAGE
        )

    @blueprint.get("/sent/<int(max=9223372036854775807):sequence>")
    @signed_in
    def sent_one(sequence: int) -> ResponseReturnValue:
        bundle = parts.outbox.one(sequence)
        if bundle is None:
            abort(404)
        return render_template(
            "console/bundle.html",
            bundle=bundle,
            summary=json.loads(bundle["summary"]),
            told=told(parts.store, bundle, texts.t),
            readable=sent_content.kept(parts.store, sequence),
            scrubbed=[
                (rule_in_words(rule, texts.t), count)
                for rule, count in json.loads(bundle["summary"])["scrubbed"].items()
            ],
        )
