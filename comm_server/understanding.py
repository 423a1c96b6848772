"""What the digest finds in one raw report, apart from any database: expand, parse, scrub, group.

It is the costly half of the digest and touches nothing, so that it can run in a process of its own
(`comm_server.understander`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from comm_server.fingerprint import with_trace
from comm_server.grouping import Grouping, group
from comm_server.intake import KINDS
from comm_server.intake.expand import expand
from comm_server.intake.interface import Parsed, PoisonError
from comm_server.plain import one_line, well_formed_text
from comm_server.scrub import Phones, scrub
from comm_server.settings import IntakeSettings
from common.as_json import write_json


@dataclass(frozen=True)
class Raw:
    """A report as it came."""

    kind: str
    encoding: str
    body: bytes


@dataclass(frozen=True)
class Found:
    """One understood event; ``text`` is its JSON, scrubbed."""

    event_id: str
    release: str
    level: str
    text: str
    grouping: Grouping


@dataclass(frozen=True)
class Understood:
    """What one raw report holds.

    Attributes:
        found: its events.
        rest: what else there was; its events are in ``found``.
        scrubbed: what was taken out, by rule.
        poison: why nothing could be understood; then all else is empty.
    """

    found: list[Found] = field(default_factory=list)
    rest: Parsed = field(default_factory=Parsed)
    scrubbed: Counter[str] = field(default_factory=Counter)
    poison: str = ""


def understand(raw: Raw, settings: IntakeSettings, phones: Phones) -> Understood:
    """Never raises: whatever a poison report does, it stops nothing."""
    try:
        body = expand(raw.body, raw.encoding, settings.most_expanded)
        parsed = KINDS[raw.kind].parse(body, settings)
        scrubbed: Counter[str] = Counter()
        found = [_find(event, scrubbed, phones) for event in parsed.events]
    except PoisonError as error:
        return Understood(poison=str(error))
    except Exception as error:  # noqa: BLE001
        return Understood(poison=f"the digest failed: {error!r}")
    return Understood(found, replace(parsed, events=[]), scrubbed)


def _find(event: dict[str, Any], scrubbed: Counter[str], phones: Phones) -> Found:
    clean, counts = scrub(event, phones)
    scrubbed.update(counts)
    # Hexadecimal digits may look like a card's or a phone's number; the id is checked elsewhere.
    clean["event_id"] = event["event_id"]
    clean, text = well_formed_text(clean)
    traced = with_trace(clean)
    if traced is not clean:
        text = write_json(traced)
    return Found(
        str(traced["event_id"]),
        one_line(traced.get("release") or ""),
        level_of(traced),
        text,
        group(traced),
    )


def level_of(event: dict[str, Any]) -> str:
    """``fatal`` when the program died of it, else what the event says."""
    holder = event.get("exception")
    values = holder.get("values") if isinstance(holder, dict) else None
    last = values[-1] if isinstance(values, list) and values else None
    mechanism = last.get("mechanism") if isinstance(last, dict) else None
    if (
        isinstance(mechanism, dict)
        and mechanism.get("type") == "excepthook"
        and mechanism.get("handled") is False
    ):
        return "fatal"
    return one_line(event.get("level") or "error", 20)
