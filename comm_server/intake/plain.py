"""Plain JSON, for Delphi, a PBX or a shell script.

``POST /api/DSN/plain`` with the header ``Authorization: Bearer KEY`` and a body such as
``{"message": "…", "level": "error", "release": "pbx@3.1", "type": "…", "place": "…"}``.
Only ``message`` is needed.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from comm_server.intake.interface import Lookup, Parsed, PoisonError, Usual
from comm_server.settings import IntakeSettings

_KEPT = ("level", "release", "timestamp", "extra", "tags", "logger")


class PlainIntake(Usual):
    """The simplest report that there is."""

    kind = "plain"
    paths = ("/api/<int:dsn>/plain",)

    def key_of(self, header: Lookup, query: Lookup, head: bytes) -> str | None:  # noqa: ARG002 - the interface's
        """From ``Authorization: Bearer``."""
        found = re.fullmatch(r"Bearer\s+([0-9a-zA-Z]{16,64})", header("Authorization") or "")
        return found[1] if found else None

    def answer(self, head: bytes) -> dict[str, Any]:  # noqa: ARG002
        """Nothing more to say than that it is kept."""
        return {"kept": True}

    def parse(self, body: bytes, settings: IntakeSettings) -> Parsed:
        """One object with a ``message``."""
        if len(body) > settings.most_event:
            raise PoisonError(f"a report of {len(body)} bytes is over the limit")
        try:
            value = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise PoisonError(f"not JSON: {error}") from error
        if not isinstance(value, dict) or not isinstance(value.get("message"), str):
            raise PoisonError("a plain report is a JSON object with a text `message`")
        # The same bytes twice are the same report; a sender that means two says so by `id`.
        identity = str(value.get("id") or "").encode() or body
        event: dict[str, Any] = {"event_id": hashlib.sha256(identity).hexdigest()[:32]}
        event |= {name: value[name] for name in _KEPT if name in value}
        if value.get("type"):
            frame = {"function": str(value.get("place") or ""), "in_app": True}
            trace = {"frames": [frame]} if value.get("place") else None
            event["exception"] = {
                "values": [
                    {"type": str(value["type"]), "value": value["message"], "stacktrace": trace}
                ]
            }
        else:
            event["message"] = value["message"]
        return Parsed(events=[event])
