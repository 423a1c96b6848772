"""A problem's kept reports, one by one, each with what surrounds it.

A report that went home is let go here once the vendor has it; what was sent keeps it readable
(`comm_server.sent_content`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from comm_server import sent_content
from comm_server.log_search import lines_between
from comm_server.settings import LogSettings
from comm_server.surroundings import occurred
from common.clock import stamp
from common.spool import Row, Store
from common.wire import envelope

# A counted one has neither its event nor a bundle; 0 is no bundle.
_KEPT = "problem = ? AND (event IS NOT NULL OR bundle > 0)"
_COLUMNS = "id, event_id, received_at, release, machine, copies, bundle, dsn"
_HEAD = 400  # bytes of an envelope's first line
_MOST_FILES = 50


@dataclass(frozen=True)
class Sample:
    """One kept report.

    Attributes:
        row: ``id, event_id, received_at, release, machine, copies, bundle``.
        event: None when it went home and is no longer kept here.
        place, total: which of how many, the newest is 1.
        newer, older: ids of those beside it, or None.
        lines: log lines of all machines around it, as they are kept here.
        moment: when it happened, in this server's time, like the lines.
        files: names and sizes of what came with it.
    """

    row: Row
    event: dict[str, Any] | None
    place: int
    total: int
    newer: int | None
    older: int | None
    lines: list[Row]
    moment: str
    files: list[tuple[str, int]]


def sample(
    store: Store, problem: int, number: int, logs: LogSettings, skews: dict[str, float]
) -> Sample | None:
    """The report with this id, else the newest; None when none is kept.

    Args:
        store: ``comm.db``.
        problem: its problem.
        number: the report's id; 0 for the newest.
        logs: how far around it the lines go.
        skews: seconds by which each machine's clock is ahead.
    """
    ids = [
        row["id"]
        for row in store.rows(
            f"SELECT id FROM reports WHERE {_KEPT} ORDER BY id DESC",  # noqa: S608 - our own words
            (problem,),
        )
    ]
    if not ids:
        return None
    place = ids.index(number) if number in ids else 0
    row = store.row(
        f"SELECT {_COLUMNS}, event FROM reports WHERE id = ?",  # noqa: S608 - our own words
        (ids[place],),
    )
    assert row is not None  # noqa: S101 - read a moment ago; rows with a bundle stay
    kept, event, raw = row.pop("event"), None, _waiting_raw(store, row)
    if kept is not None:
        event = json.loads(kept)
    elif bundle := sent_content.read(store, row["bundle"]):
        names = (row["event_id"], f"{row['event_id']}-{row['dsn']}")
        event = next((bundle.reports[name] for name in names if name in bundle.reports), None)
        raw += list(bundle.raw.values())
    moment = occurred(
        {"event": json.dumps(event), "machine": row["machine"]} if event else None,
        row["received_at"],
        skews,
    )
    return Sample(
        row=row,
        event=event,
        place=place + 1,
        total=len(ids),
        newer=ids[place - 1] if place else None,
        older=ids[place + 1] if place + 1 < len(ids) else None,
        lines=lines_between(
            store,
            stamp(moment - timedelta(seconds=logs.before)),
            stamp(moment + timedelta(seconds=logs.after)),
            moment=stamp(moment),
        ),
        moment=stamp(moment),
        files=_files(raw, row["event_id"]),
    )


def _waiting_raw(store: Store, row: Row) -> list[bytes]:
    """What came beside this program's reports and is still here; attachments among it."""
    found = store.rows(
        "SELECT id, substr(body, 1, ?) AS head FROM raw WHERE state = 'quarantined' "
        "AND dsn = ? AND body IS NOT NULL LIMIT 500",
        (_HEAD, row["dsn"]),
    )
    return [
        store.value("SELECT body FROM raw WHERE id = ?", (one["id"],)) or b""
        for one in found
        if envelope.event_of(bytes(one["head"])) == row["event_id"]
    ]


def _files(raw: list[bytes], event_id: str) -> list[tuple[str, int]]:
    found = []
    for body in raw:
        if envelope.event_of(body[:_HEAD]) != event_id:
            continue
        try:
            items = envelope.read(body)[1]
        except ValueError:
            continue
        for item in items:
            size = item.header.get("size")
            found.append(
                (item.filename or item.kind, size if isinstance(size, int) else len(item.payload))
            )
    return found[:_MOST_FILES]
