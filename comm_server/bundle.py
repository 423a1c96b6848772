"""What one bundle contains: everything that no bundle has told yet, in one sealed batch.

`collect` reads and builds without changing anything; `comm_server.outbox.freeze` writes the
finished mail and marks what is in it, in one transaction. A kill between the two costs nothing.

What waits is one list, the most telling first: alarms, problems, receipts, refusals, reports, raw
bytes.
A bundle takes as much of its start as fits; the rest stays for the next one.
"""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import psutil
import zstandard

from comm_server import alarms, histogram, problems
from comm_server.fleet.clients import Fleet
from comm_server.leaving import as_it_leaves
from comm_server.rollout.service import Rollout
from comm_server.rollout.standing import standings, told_home
from comm_server.settings import LogSettings, ScrubSettings
from comm_server.site import Site
from comm_server.surroundings import lines_around, occurred
from common import __version__
from common.clock import Clock, stamp
from common.settings import fingerprint as fingerprint_of_settings
from common.spool import Row, Store
from common.wire.bundle import Bundle, enrolment_mac, pack, seal_frame
from common.wire.signing import public_text

_MOST_PROBLEMS = 500
_MOST_RECEIPTS = 1000
_MOST_REFUSALS = 100
_MOST_ALARMS = 100
_MOST_REPORTS = 2000
_MOST_RAW = 50
# Read at most so many times the size of a bundle: reports shrink about tenfold.
_SHRINKS = 12
# What a bundle needs beside one report: the manifest, the clients, the seal.
_AROUND = 8 * 1024
_TOO_LARGE = "too large for a mail"
_MOST_EXPANDED = 16 * 2**20  # of a quarantined body; far more than a mail has room for


@dataclass(frozen=True)
class Item:
    """One thing to tell; ``kind`` is its table."""

    kind: str
    row: Row


@dataclass(frozen=True)
class Selection:
    """What a bundle tells; these rows are marked when it is frozen."""

    problems: tuple[Row, ...]
    reports: tuple[int, ...]
    raw: tuple[int, ...]
    receipts: tuple[str, ...]
    refusals: tuple[int, ...]
    alarms: tuple[int, ...]
    tallies: tuple[Row, ...]


@dataclass(frozen=True)
class Collected:
    """A bundle ready to be frozen; ``more`` says that not all that waits found room.

    ``frame`` is what ``sealed`` holds, readable: the site keeps it, since it is the customer's.
    """

    bundle: Bundle
    sealed: bytes
    selection: Selection
    more: bool = False
    frame: bytes = b""


class Collector:
    """Builds bundles from the store."""

    def __init__(
        self,
        store: Store,
        site: Site,
        fleet: Fleet,
        clock: Clock,
        acknowledge_to: Callable[[], str] = lambda: "",
        logs: Callable[[], LogSettings] = LogSettings,
        rollout: Rollout | None = None,
        *,
        scrubbing: Callable[[], ScrubSettings] = ScrubSettings,
    ) -> None:
        self._store = store
        self._site = site
        self._fleet = fleet
        self._clock = clock
        self._logs = logs
        self._scrubbing = scrubbing
        self._rollout = rollout
        self._acknowledge_to = acknowledge_to

    def collect(self, reason: str, most_bytes: int) -> Collected:
        """The next bundle, at most ``most_bytes`` sealed.

        What would not fit even alone is told as dropped; it must not hold up the rest for ever.
        """
        items, too_large, more = self._waiting(most_bytes)
        take = len(items)
        room = most_bytes // 4  # for log lines; the reports go first
        while True:
            collected = self._build(reason, items[:take], too_large, room)
            if len(collected.sealed) <= most_bytes or not take:
                return replace(collected, more=more or take < len(items))
            if take == 1 and room:
                room = 0
                continue
            if take == 1:
                if items[0].kind not in {"reports", "raw"}:
                    # a few kilobytes; the relay shall decide
                    return replace(collected, more=more or len(items) > 1)
                too_large = [*too_large, items[0]]
            take //= 2

    def _waiting(self, most_bytes: int) -> tuple[list[Item], list[Item], bool]:
        """What waits, in order; what is too large to go at all; whether there is more of it."""
        store, budget = self._store, most_bytes * _SHRINKS
        items = _of(
            "alarms",
            store.rows(
                "SELECT id, kind, at, facts FROM alarms WHERE bundle IS NULL ORDER BY id LIMIT ?",
                (_MOST_ALARMS,),
            ),
        )
        items += [Item("problems", row) for row in problems.unmailed(store, _MOST_PROBLEMS)]
        items += _of(
            "receipts",
            store.rows(
                "SELECT id, signed FROM receipts WHERE bundle IS NULL ORDER BY at, id LIMIT ?",
                (_MOST_RECEIPTS,),
            ),
        )
        items += _of(
            "refusals",
            store.rows(
                "SELECT id, at, via, kind, sentence FROM refusals WHERE bundle IS NULL "
                "ORDER BY id LIMIT ?",
                (_MOST_REFUSALS,),
            ),
        )
        more = any(
            sum(item.kind == kind for item in items) == most
            for kind, most in (
                ("problems", _MOST_PROBLEMS),
                ("receipts", _MOST_RECEIPTS),
                ("refusals", _MOST_REFUSALS),
                ("alarms", _MOST_ALARMS),
            )
        )
        too_large: list[Item] = []
        begun = False  # the first body is read whatever its size, so that none waits for ever
        for kind, column, found, most in (
            ("reports", "event", self._report_sizes(), _MOST_REPORTS),
            ("raw", "body", self._raw_sizes(), _MOST_RAW),
        ):
            more = more or len(found) == most
            for row in found:
                if begun and row["size"] > budget:
                    more = True
                    break
                begun, budget = True, budget - row["size"]
                row[column] = store.value(
                    f"SELECT {column} FROM {kind} WHERE id = ?",  # noqa: S608 - our own words
                    (row["id"],),
                )
                if kind == "raw":
                    self._scrub(row)
                fits = _fits(row[column], most_bytes - _AROUND)
                (items if fits else too_large).append(Item(kind, row))
        return items, too_large, more

    def _scrub(self, raw: Row) -> None:
        """A quarantined row as it leaves, with what was ``masked`` in it."""
        settings = self._scrubbing()
        leaving = as_it_leaves(
            raw["body"] or b"",
            raw["encoding"],
            raw["error"] or "",
            settings.rules,
            binary=settings.binary_attachments,
            most=_MOST_EXPANDED,
        )
        raw["body"], raw["encoding"], raw["masked"] = leaving.data, leaving.encoding, leaving.counts

    def _report_sizes(self) -> list[Row]:
        return self._store.rows(
            "SELECT r.id, r.problem, r.event_id, r.received_at, r.machine, r.copies, r.dsn, "
            "length(CAST(r.event AS BLOB)) AS size, p.fingerprint, p.program, "
            "EXISTS (SELECT 1 FROM reports o "
            "WHERE o.event_id = r.event_id AND o.id < r.id) AS twin "
            "FROM reports r JOIN problems p ON p.id = r.problem "
            "WHERE r.bundle IS NULL AND r.event IS NOT NULL "
            "ORDER BY p.mailed_count > 0, r.id LIMIT ?",
            (_MOST_REPORTS,),
        )

    def _raw_sizes(self) -> list[Row]:
        return self._store.rows(
            "SELECT id, received_at, kind, encoding, error, length(body) AS size FROM raw "
            "WHERE state = 'quarantined' AND bundle IS NULL ORDER BY id LIMIT ?",
            (_MOST_RAW,),
        )

    def _build(self, reason: str, items: list[Item], too_large: list[Item], room: int) -> Collected:
        reports, raw = _rows(items, "reports"), _rows(items, "raw")
        receipts, refusals = _rows(items, "receipts"), _rows(items, "refusals")
        told = self._with_those_of(reports, _rows(items, "problems"))
        tallies = self._store.rows("SELECT kind, reason, count FROM tallies ORDER BY kind, reason")
        dropped = Counter({r["reason"]: r["count"] for r in tallies if r["kind"] == "dropped"})
        if too_large:
            dropped[_TOO_LARGE] += len(too_large)
        last = self._store.row(
            "SELECT sequence, sha256 FROM bundles ORDER BY sequence DESC LIMIT 1"
        )
        clients = self._fleet.all()
        logs, masked = self._lines(told, clients, room)
        manifest: dict[str, Any] = {
            "format": 1,
            "site": self._site.site,
            "site_name": self._site.name,
            "sequence": last["sequence"] + 1 if last else 1,
            "previous": last["sha256"] if last else None,
            "created": stamp(self._clock.now()),
            "reason": reason,
            "acknowledge_to": self._acknowledge_to(),
            "problems": [
                problems.describe(self._store, row)
                | {"histogram": histogram.told(self._store, row["id"])}
                for row in told
            ],
            "reports": [_report(row) for row in reports],
            "quarantined": [
                {"id": str(row["id"]), "received_at": row["received_at"], "error": row["error"],
                 "kind": row["kind"], "encoding": row["encoding"]}
                for row in raw
            ],
            "dropped": dict(dropped),
            "scrubbed": dict(
                Counter({r["reason"]: r["count"] for r in tallies if r["kind"] == "scrubbed"})
                + masked
                + sum((row["masked"] for row in raw), Counter())
            ),
            "ignored": {r["reason"]: r["count"] for r in tallies if r["kind"] == "ignored"},
            "totals": {
                "reports": self._store.value("SELECT coalesce(sum(count), 0) FROM problems"),
                "problems": self._store.value("SELECT count(*) FROM problems"),
            },
            "clients": self._clients(clients),
            "rollouts": told_home(self._rollout) if self._rollout else [],
            "alarms": [alarms.told(row) for row in _rows(items, "alarms")],
            "refusals": [{k: r[k] for k in ("at", "via", "kind", "sentence")} for r in refusals],
            "releases": self._store.rows(
                "SELECT product, channel, platform, version, at FROM mirrored ORDER BY at"
            ),
            "enrolment": {
                "public_key": public_text(self._site.key),
                "mac": enrolment_mac(
                    self._site.enrolment_secret, self._site.site, public_text(self._site.key)
                ),
            },
        }  # fmt: skip
        bundle = Bundle(
            manifest=manifest,
            reports={_name(row): _event(row) for row in reports},
            raw={str(row["id"]): row["body"] for row in raw},
            logs=logs,
            environment=environment(clients),
            receipts=[json.loads(row["signed"]) for row in receipts],
        )
        selection = Selection(
            problems=tuple(told),
            reports=tuple(row["id"] for row in [*reports, *_rows(too_large, "reports")]),
            raw=tuple(row["id"] for row in [*raw, *_rows(too_large, "raw")]),
            receipts=tuple(row["id"] for row in receipts),
            refusals=tuple(row["id"] for row in refusals),
            alarms=tuple(row["id"] for row in _rows(items, "alarms")),
            tallies=tuple(tallies),
        )
        frame = pack(bundle)
        sealed = seal_frame(frame, manifest, self._site.key, self._site.bundle_key)
        return Collected(bundle, sealed, selection, frame=frame)

    def _clients(self, clients: list[Row]) -> list[dict[str, Any]]:
        """Each client, and for each of its programs the ring, the state and the reason."""
        found = standings(self._rollout) if self._rollout else {}
        told = [_client(client) for client in clients]
        for client in told:
            for program in client["programs"]:
                if standing := found.get((client["client"], program["product"])):
                    program |= {
                        "ring": standing.ring,
                        "state": standing.state,
                        "reason": standing.reason,
                    }
        return told

    def _lines(
        self, told: list[Row], clients: list[Row], room: int
    ) -> tuple[list[dict[str, Any]], Counter[str]]:
        """What all machines logged around the first occurrence of each new problem."""
        skews = {c["name"]: c["vitals"].get("clock_skew") or 0.0 for c in clients}
        moments = [
            occurred(
                self._store.row(
                    "SELECT event, machine FROM reports WHERE problem = ? ORDER BY id LIMIT 1",
                    (problem["id"],),
                ),
                problem["first_seen"],
                skews,
            )
            for problem in told
            if not problem["mailed_count"]
        ]
        return lines_around(self._store, moments, self._logs(), room, self._scrubbing().rules)

    def _with_those_of(self, reports: list[Row], told: list[Row]) -> list[Row]:
        """``told``, and the problems of reports that an earlier bundle had no room for."""
        have = {row["id"] for row in told}
        more = dict.fromkeys(row["problem"] for row in reports if row["problem"] not in have)
        found = [problems.row_of(self._store, one) for one in more]
        return [*told, *(row for row in found if row is not None)]


def _of(kind: str, rows: list[Row]) -> list[Item]:
    return [Item(kind, row) for row in rows]


def _rows(items: list[Item], kind: str) -> list[Row]:
    return [item.row for item in items if item.kind == kind]


def _fits(data: str | bytes | None, most: int) -> bool:
    """Whether it fits alone; what is small enough uncompressed is not looked at."""
    content = data.encode() if isinstance(data, str) else data or b""
    return len(content) <= most or len(zstandard.ZstdCompressor(level=9).compress(content)) <= most


def _event(report: Row) -> dict[str, Any]:
    """The event; when the disk has changed it, what is left of it goes home as a text."""
    try:
        event = json.loads(report["event"])
    except ValueError:
        event = None
    if isinstance(event, dict):
        return event
    return {
        "event_id": report["event_id"],
        "message": "damaged on the site's disk",
        "extra": {"left": str(report["event"])},
    }


def _name(report: Row) -> str:
    """A report's name in this site's bundles: its event's id, unless another DSN used it before."""
    return f"{report['event_id']}-{report['dsn']}" if report["twin"] else str(report["event_id"])


def _report(row: Row) -> dict[str, Any]:
    return {
        "id": _name(row),
        "fingerprint": row["fingerprint"],
        "program": row["program"],
        "received_at": row["received_at"],
        "machine": row["machine"],
        "copies": row["copies"],
    }


def environment(clients: list[Row]) -> dict[str, Any]:
    """The state of the site's machines; sizes in bytes, loads in per cent."""
    memory, disk = psutil.virtual_memory(), psutil.disk_usage("/")
    return {
        "communications_server": {
            "version": __version__,
            "system": platform.platform(),
            "python": platform.python_version(),
            "configuration": fingerprint_of_settings(),
            "cpus": psutil.cpu_count(),
            "load_1m": psutil.getloadavg()[0],
            "memory_total": memory.total,
            "memory_free": memory.available,
            "disk_total": disk.total,
            "disk_free": disk.free,
            "up_since": int(psutil.boot_time()),
        },
        "clients": {client["name"]: client["vitals"] for client in clients},
        "releases": {
            client["name"]: {one["product"]: one["release"] for one in client["programs"]}
            for client in clients
        },
    }


def _client(client: Row) -> dict[str, Any]:
    return {
        "client": client["client"],
        "name": client["name"],
        "platform": client["platform"],
        "public_key": client["public_key"],
        "last_seen": client["last_seen"],
        "programs": [dict(program) for program in client["programs"]],
    }
