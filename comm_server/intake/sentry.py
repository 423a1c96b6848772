"""The Sentry protocol: envelopes, and the older store endpoint.

An envelope is a line of JSON, then items: each a line of JSON and a payload, whose length stands
in the item's line, or which ends at the next newline when it does not (develop.sentry.dev,
"Envelopes"). Events are understood; client reports and what is no error are counted; everything
else, attachments above all, is kept verbatim, without the events beside it, which go home
scrubbed.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from comm_server.intake.interface import Lookup, Parsed, PoisonError, Usual
from comm_server.plain import one_line
from comm_server.settings import IntakeSettings
from common.wire import envelope

_KEY = re.compile(r"sentry_key=([0-9a-zA-Z]{16,64})")
# In the first line of an envelope that comes through a browser's tunnel, which can set no header.
_DSN = re.compile(rb'"dsn"\s*:\s*"https?:(?://|\\/\\/)([0-9a-zA-Z]{16,64})(?::[^@"]*)?@')
_EVENT_ID = re.compile(rb'"event_id"\s*:\s*"([0-9a-fA-F-]{32,36})"')


# What SDKs send that is no error; new kinds are kept until somebody knows what they are.
_SESSIONS = {"session", "sessions", "check_in"}
_TRACES = {"transaction", "span", "profile", "profile_chunk", "log"}
_REPLAYS = {"replay_event", "replay_recording", "replay_video"}
_METRICS = {"metric", "trace_metric", "metric_buckets", "statsd"}
_NO_ERRORS = _SESSIONS | _TRACES | _REPLAYS | _METRICS


class SentryIntake(Usual):
    """Any official SDK, by its DSN."""

    kind = "sentry"
    paths = ("/api/<int:dsn>/envelope/", "/api/<int:dsn>/store/")

    def key_of(self, header: Lookup, query: Lookup, head: bytes) -> str | None:
        """From ``X-Sentry-Auth``, ``Authorization``, the query or the envelope's own DSN."""
        for name in ("X-Sentry-Auth", "Authorization"):
            found = _KEY.search(header(name) or "")
            if found:
                return found[1]
        if (asked := query("sentry_key")) is not None:
            return asked
        own = _DSN.search(head.partition(b"\n")[0])
        return own[1].decode() if own else None

    def answer(self, head: bytes) -> dict[str, Any]:
        """The event's id, found without parsing."""
        found = _EVENT_ID.search(head)
        return {"id": found[1].decode().replace("-", "")} if found else {}

    def parse(self, body: bytes, settings: IntakeSettings) -> Parsed:
        """Both forms; a body of one JSON object is a store request."""
        try:
            return self._parse(body, settings)
        except ValueError as error:
            raise PoisonError(f"no envelope: {error}") from error

    def _parse(self, body: bytes, settings: IntakeSettings) -> Parsed:
        header, rest = envelope.first_line(body)
        if rest >= len(body.rstrip()) and _is_event(header):
            return Parsed(events=[_event(header)])
        events: list[dict[str, Any]] = []
        lost: Counter[str] = Counter()
        ignored: Counter[str] = Counter()
        kept: Counter[str] = Counter()
        verbatim = [body[: rest - 1]]
        for item in envelope.items(body, rest):
            kind = one_line(item.kind, 40)
            if kind == "event":
                if len(item.payload) > settings.most_event:
                    raise PoisonError(f"an event of {len(item.payload)} bytes is over the limit")
                events.append(_event(envelope.json_object(item.payload) | _id(header)))
            elif kind == "client_report":
                lost.update(_lost(envelope.json_object(item.payload)))
            elif kind in _NO_ERRORS:
                ignored[kind] += 1
            else:
                kept[kind] += 1
                verbatim.append(body[slice(*item.span)])
        if not kept:
            return Parsed(events, lost, ignored)
        why = ", ".join(f"{number} {kind}" for kind, number in sorted(kept.items()))
        return Parsed(events, lost, ignored, b"\n".join(verbatim) + b"\n", f"kept as sent: {why}")


def _lost(report: dict[str, Any]) -> Counter[str]:
    """Errors that the client says it did not send, by its reason."""
    rows = report.get("discarded_events")
    lost: Counter[str] = Counter()
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and row.get("category") in {"error", "default"}:
            lost[one_line(f"client: {row.get('reason')}", 60)] += _number(row.get("quantity"))
    return lost


def _number(value: Any) -> int:
    """How many were lost, as far as that can be believed."""
    return min(max(value, 0), 10**9) if isinstance(value, int) else 0


def _is_event(value: dict[str, Any]) -> bool:
    return bool(value.keys() & {"exception", "message", "logentry", "platform", "level"})


def _id(header: dict[str, Any]) -> dict[str, Any]:
    return {"event_id": header["event_id"]} if header.get("event_id") else {}


def _event(event: dict[str, Any]) -> dict[str, Any]:
    event_id = str(event.get("event_id", "")).replace("-", "").lower()
    if not re.fullmatch(r"[0-9a-f]{32}", event_id):
        raise PoisonError("the event has no event_id")
    return event | {"event_id": event_id}
