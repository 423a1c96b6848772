"""Exactly what leaves: what waits, before it is a mail, and what each bundle holds."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import Blueprint, abort, render_template, request, send_file
from flask.typing import ResponseReturnValue

from comm_server import sent_content
from comm_server.mail.compose import room_in
from comm_server.mail.readable import rule_in_words, sections
from comm_server.parts import Parts
from common.clock import ago
from common.web.signin import signed_in
from common.web.texts import Texts
from common.wire.bundle import Bundle

_MOST_SHOWN = 300_000  # characters on a page; the rest by download
_UNSAFE = re.compile(r"[^\w.@+()\[\] -]+")
_RECENT_DAYS = 30


@dataclass(frozen=True)
class Member:
    """One file of a bundle."""

    name: str
    data: bytes


def add_routes(blueprint: Blueprint, parts: Parts, texts: Texts) -> None:
    """``/waiting``, ``/sent/<sequence>/content``, their files, and ``/scrubbing``."""

    def waiting_now() -> Bundle:
        settings = parts.settings.current
        return parts.collector.collect("scheduled", room_in(settings.bundle.most_bytes)).bundle

    def content_of(sequence: int) -> Bundle:
        return sent_content.read(parts.store, sequence) or abort(404)

    @blueprint.get("/waiting")
    @signed_in
    def waiting() -> ResponseReturnValue:
        bundle = waiting_now()
        return render_template(
            "console/waiting.html",
            sections=sections(bundle, texts.t, parts.site.console),
            members=members(bundle),
            hold_for=parts.settings.current.mail.hold_for,
        )

    @blueprint.get("/sent/<int(max=9223372036854775807):sequence>/content")
    @signed_in
    def content(sequence: int) -> ResponseReturnValue:
        return render_template(
            "console/content.html", sequence=sequence, members=members(content_of(sequence))
        )

    @blueprint.get("/waiting/<path:name>", defaults={"sequence": 0})
    @blueprint.get("/sent/<int(max=9223372036854775807):sequence>/content/<path:name>")
    @signed_in
    def member(sequence: int, name: str) -> ResponseReturnValue:
        bundle = content_of(sequence) if sequence else waiting_now()
        found = next((one for one in members(bundle) if one.name == name), None) or abort(404)
        if "download" in request.args:
            answer = send_file(
                BytesIO(found.data),
                mimetype="application/octet-stream",
                as_attachment=True,
                download_name=_UNSAFE.sub("_", name)[-100:].lstrip("."),
            )
            answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
            return answer
        text = found.data.decode("utf-8", "replace")
        return render_template(
            "console/member.html",
            sequence=sequence,
            name=name,
            text=text[:_MOST_SHOWN],
            cut=len(text) > _MOST_SHOWN,
            size=len(found.data),
        )

    @blueprint.get("/scrubbing")
    @signed_in
    def scrubbing() -> ResponseReturnValue:
        return render_template(
            "console/scrubbing.html",
            settings=parts.settings.current.scrub,
            counts=[(rule_in_words(rule, texts.t), *both) for rule, both in _counts(parts)],
            days=_RECENT_DAYS,
        )


def members(bundle: Bundle) -> list[Member]:
    """Every file of a bundle as it is packed, its JSON laid out for reading."""
    return [
        Member("manifest.json", _pretty(bundle.manifest)),
        *(Member(f"reports/{name}.json", _pretty(event)) for name, event in bundle.reports.items()),
        *(Member(f"raw/{name}", data) for name, data in bundle.raw.items()),
        Member("logs.jsonl", b"".join(_line(line) for line in bundle.logs)),
        Member("environment.json", _pretty(bundle.environment)),
        Member("receipts.json", _pretty(bundle.receipts)),
    ]


def _counts(parts: Parts) -> list[tuple[str, tuple[int, int]]]:
    """By rule: what was masked and waits to be told, and what recent bundles told."""
    waiting: Counter[str] = Counter(
        {
            row["reason"]: row["count"]
            for row in parts.store.rows("SELECT reason, count FROM tallies WHERE kind = 'scrubbed'")
        }
    )
    told: Counter[str] = Counter(
        {
            row["rule"]: row["count"]
            for row in parts.store.rows(
                "SELECT key AS rule, sum(value) AS count FROM bundles, "
                "json_each(bundles.summary, '$.scrubbed') WHERE created_at >= ? GROUP BY key",
                (ago(parts.clock.now(), days=_RECENT_DAYS),),
            )
        }
    )
    return [(rule, (waiting[rule], told[rule])) for rule in sorted(waiting | told)]


def _pretty(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
