"""A bundle's manifest as typed values.

Lenient on purpose: the site has signed it, and a field that an older or newer version writes
differently must not keep the rest of the news out. What is missing becomes empty; texts are cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.clock import stamp
from common.lenient import objects, text, texts, time_of
from common.wire.bundle import Bundle

_MOST_HOURS = 1000
STATUSES = ("new", "regression", "known")


@dataclass(frozen=True)
class Sighting:
    """One problem as one bundle tells it; the fields are those of the wire."""

    program: str
    fingerprint: str
    grouper: str
    title: str
    type: str
    place: str
    level: str
    count: int
    first_seen: str
    last_seen: str
    releases: tuple[str, ...]
    since_release: str
    machines: tuple[str, ...]
    status: str
    came_back_in: str
    histogram: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class ReportEntry:
    """Where a report belongs."""

    id: str
    fingerprint: str
    program: str
    received_at: str
    machine: str


@dataclass(frozen=True)
class Manifest:
    """What the home reads of a manifest."""

    created: str
    reason: str
    previous: str | None
    sightings: tuple[Sighting, ...]
    reports: tuple[ReportEntry, ...]
    quarantined: tuple[ReportEntry, ...]
    clients: tuple[dict[str, Any], ...]
    refusals: tuple[dict[str, str], ...]
    rollouts: tuple[dict[str, Any], ...]
    alarms: tuple[dict[str, str], ...]


def read_manifest(bundle: Bundle, now: datetime) -> Manifest:
    """Build it from a verified bundle; times that cannot be read become the bundle's own."""
    value = bundle.manifest
    created = time_of(value.get("created"), stamp(now))
    previous = value.get("previous")
    return Manifest(
        created=created,
        reason=text(value.get("reason")) or "scheduled",
        previous=text(previous) if previous else None,
        sightings=tuple(_sighting(entry, created) for entry in objects(value.get("problems"))),
        reports=tuple(_report(entry, created) for entry in objects(value.get("reports"))),
        quarantined=tuple(_report(entry, created) for entry in objects(value.get("quarantined"))),
        clients=tuple(objects(value.get("clients"))),
        refusals=tuple(
            {
                "at": time_of(entry.get("at"), created),
                "kind": text(entry.get("kind")),
                "sentence": text(entry.get("sentence")),
            }
            for entry in objects(value.get("refusals"))
        ),
        rollouts=tuple(objects(value.get("rollouts"))),
        alarms=tuple(
            {
                "at": time_of(entry.get("at"), created),
                "kind": text(entry.get("kind")),
                "sentence": text(entry.get("sentence")) or text(entry.get("kind")),
                "sentence_zh": text(entry.get("sentence_zh")),
            }
            for entry in objects(value.get("alarms"))
        ),
    )


def hours(value: Any) -> Iterator[tuple[str, int]]:
    """``(hour, count)`` of a histogram; what is none, or counts nothing, is left out."""
    items = value if isinstance(value, list) else []
    for item in items[:_MOST_HOURS]:
        if isinstance(item, list) and len(item) == 2 and isinstance(item[1], int) and item[1] > 0:
            at = time_of(item[0], "")
            if at:
                yield f"{at[:13]}:00:00.000Z", min(item[1], 2**53)


def _sighting(entry: dict[str, Any], created: str) -> Sighting:
    count, status = entry.get("count"), text(entry.get("status"))
    return Sighting(
        program=text(entry.get("program")),
        fingerprint=text(entry.get("fingerprint")),
        grouper=text(entry.get("grouper")),
        title=text(entry.get("title")),
        type=text(entry.get("type")),
        place=text(entry.get("place")),
        level=text(entry.get("level")) or "error",
        count=min(count, 2**53) if isinstance(count, int) and count > 0 else 1,
        first_seen=time_of(entry.get("first_seen"), created),
        last_seen=time_of(entry.get("last_seen"), created),
        releases=texts(entry.get("releases")),
        since_release=text(entry.get("since_release")),
        machines=texts(entry.get("machines")),
        status=status if status in STATUSES else "known",
        came_back_in=text(entry.get("came_back_in")),
        histogram=tuple(hours(entry.get("histogram"))),
    )


def _report(entry: dict[str, Any], created: str) -> ReportEntry:
    return ReportEntry(
        id=text(entry.get("id")),
        fingerprint=text(entry.get("fingerprint")),
        program=text(entry.get("program")),
        received_at=time_of(entry.get("received_at"), created),
        machine=text(entry.get("machine")),
    )
