"""Turns what `describe_running` found into sentences of one language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from appliance.domain.running import Part, Trouble
from common.clock import stamp

_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
Say = Callable[..., str]  # say("key", blank=value) -> text


@dataclass(frozen=True)
class Line:
    """A part in words."""

    key: str
    name: str
    status: str
    found: str
    advice: str


def line_of(part: Part, say: Say, when: Callable[[datetime], str]) -> Line:
    """The line of one part; ``found`` is empty for people who may not see particulars.

    ``when`` writes the moments.
    """
    below = f"running.{part.key}"
    blanks = dict(_blanks(part.facts, say, when))
    return Line(
        key=part.key,
        name=say(f"{below}.name"),
        status=str(part.status),
        found=say(f"{below}.{part.finding}", **blanks) if part.finding else "",
        advice=say(f"{below}.{part.advice}") if part.advice else "",
    )


def as_json(part: Part, say: Say, when: Callable[[datetime], str] = stamp) -> dict[str, Any]:
    """For programs: plain values, moments as stamps; the sentences are for people.

    In these, too, moments are stamps unless ``when`` writes them: only browsers know their
    reader's time.
    """
    line = line_of(part, say, when)
    return {
        "part": line.key,
        "name": line.name,
        "status": line.status,
        "found": line.found,
        "advice": line.advice,
        "facts": {
            key: stamp(value) if isinstance(value, datetime) else value
            for key, value in part.facts.items()
        },
    }


def local_time(moment: datetime) -> str:
    """In the machine's own time zone: people compare it with the clock on their wall."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def size(count: int, say: Say) -> str:
    """Bytes in the unit that people use for such a size."""
    for unit, key in ((2**30, "gib"), (2**20, "mib")):
        if count >= unit:
            return say(f"running.bytes_{key}", n=f"{count / unit:.1f}")
    return say("running.bytes_kib", n=f"{count / 2**10:.0f}")


def duration(seconds: int, say: Say) -> str:
    """The two units that matter."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return say("running.days", days=days, hours=hours % 24)
    if hours:
        return say("running.hours", hours=hours, minutes=minutes % 60)
    if minutes:
        return say("running.minutes", minutes=minutes)
    return say("running.seconds", seconds=seconds)


def _blanks(
    facts: Mapping[str, object], say: Say, when: Callable[[datetime], str]
) -> list[tuple[str, str]]:
    blanks = []
    for key, value in facts.items():
        if key.endswith("_bytes") and isinstance(value, int):
            blanks.append((key.removesuffix("_bytes"), size(value, say)))
        elif key == "uptime_seconds" and isinstance(value, int):
            blanks.append(("uptime", duration(value, say)))
        elif isinstance(value, datetime):
            blanks.append((key, when(value)))
        elif isinstance(value, Trouble):
            blanks.append((key, say(f"trouble.{value}", address=facts["address"])))
        else:
            blanks.append((key, _NAMES.get(str(value), str(value))))
    return blanks
