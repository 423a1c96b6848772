"""What the updater knows and did; every change of a state is one transaction."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.clock import Clock, parse_stamp, stamp
from common.spool import Row, Store
from common.wire.release import Manifest, read_manifest
from updater.gate_rules import Hold
from updater.states import Event, State, after

# Years of updates; and a program that flaps every minute cannot fill the disk.
_KEEP_LINES = 20_000
_KEEP_SENT = 1_000
_KEEP_FACT = (
    "INSERT INTO facts (name, value) VALUES (?, ?) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


@dataclass(frozen=True)
class Release:
    """A release that is, or was, installed here."""

    version: str
    digest: str


@dataclass(frozen=True)
class Program:
    """One program's row.

    Attributes:
        ordered: ``rollback``, ``repair`` or ``restart`` while such an order waits, else empty.
        reason: the last sentence about it, for people.
        since: stamp of the last change of state.
        generation: the one of the last, or just beginning, switch.
        target: the release it is on its way to.
        current: the release to run; None before the first.
        previous: the one before, kept for going back.
        issue: how often the vendor had issued the target again when it was found.
        reached: whether the communications server was there at the switch.
        token: by which the program knows its updater.
        hold: an administrator's postponement, if there is one.
        data: the folder that its data lay in before; empty: they are in its own.
    """

    product: str
    channel: str
    port: int
    state: State
    since: str
    dsn: str | None = None
    ordered: str = ""
    reason: str = ""
    generation: int = 0
    target: Manifest | None = None
    current: Release | None = None
    previous: Release | None = None
    issue: int = 0
    reached: bool = False
    token: str = ""
    hold: Hold | None = None
    data: str = ""

    def wanted(self) -> Manifest:
        """The target, in a state that has one."""
        if self.target is None:
            raise RuntimeError(f"{self.product} is {self.state} without a target")
        return self.target

    def wanted_release(self) -> Release:
        """The target's version and digest."""
        return Release(self.wanted().version, self.wanted().digest)


@dataclass(frozen=True)
class Receipt:
    """A signed statement on its way to the communications server."""

    id: str
    signed: dict[str, Any]


class Journal:
    """The updater's database."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @property
    def store(self) -> Store:
        """The same database, for what has tables of its own there."""
        return self._store

    def programs(self) -> list[Program]:
        """All adopted programs, by name."""
        rows = self._store.rows("SELECT * FROM programs ORDER BY product")
        return [_program(row) for row in rows]

    def program(self, product: str) -> Program | None:
        """One program."""
        row = self._store.row("SELECT * FROM programs WHERE product = ?", (product,))
        return _program(row) if row else None

    def adopt(self, product: str, channel: str, port: int, data: str = "") -> None:
        """Take care of ``product`` from now on, or from another channel or port.

        ``data``: where its data lie already; it is not changed any more once it is in care.
        """
        now = stamp(self._clock.now())

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO programs (product, channel, port, since, data, token) "
                "VALUES (?, ?, ?, ?, ?, lower(hex(randomblob(16)))) "
                "ON CONFLICT (product) DO UPDATE SET channel = excluded.channel, "
                "port = excluded.port, dsn = CASE channel WHEN excluded.channel THEN dsn END",
                (product, channel, port, now, data),
            )
            _line(connection, now, product, "", "adopted", f"channel {channel}, port {port}")

        self._store.write(work)

    def keep_dsn(self, product: str, dsn: str) -> None:
        """Where the program reports its errors."""
        self._store.execute("UPDATE programs SET dsn = ? WHERE product = ?", (dsn, product))

    def take_over(self, program: Program, current: Release) -> None:
        """The database was lost, the program's folder was not: go on from what runs there."""
        now = stamp(self._clock.now())

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE programs SET current_version = ?, current_digest = ? WHERE product = ?",
                (current.version, current.digest, program.product),
            )
            note = f"{program.product} {current.version} was found here"
            _line(connection, now, program.product, program.state, "taken_over", note)

        self._store.write(work)

    def keep_client(self, client: str) -> None:
        """Remember who we are; when that is another than before, every DSN is asked for anew."""
        if self.fact("client") == client:
            return

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE programs SET dsn = NULL")
            connection.execute("DELETE FROM facts")
            connection.execute("INSERT INTO facts VALUES ('client', ?)", (client,))

        self._store.write(work)

    def order_rollback(self, product: str) -> None:
        """An administrator wants the release before; the engine does it when it can."""
        self._order(product, "rollback")

    def order_repair(self, product: str) -> None:
        """A slot is not as it was signed; unless an administrator wants something else first."""
        self._order(product, "repair")

    def order_restart(self, product: str) -> None:
        """What runs was repaired on the disk, and must be started again when it is free."""
        self._order(product, "restart")

    def _order(self, product: str, what: str) -> None:
        self._store.execute(
            "UPDATE programs SET ordered = ? WHERE product = ? AND ordered != 'rollback'",
            (what, product),
        )

    def hold(self, product: str, until: datetime | None, why: str) -> None:
        """Postpone the switch of ``product`` until then; None: no longer."""
        made = self._clock.now()
        now = stamp(made)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE programs SET hold_made = ?, hold_until = ? WHERE product = ?",
                (now, stamp(until), product) if until else (None, None, product),
            )
            _line(connection, now, product, "", "hold", why)

        self._store.write(work)

    def move(
        self,
        program: Program,
        event: Event,
        note: str,
        *,
        receipt: Receipt | None = None,
        bad: Release | None = None,
        fact: tuple[str, str] | None = None,
        **changes: Any,
    ) -> Program:
        """Follow ``event``: state, journal line, receipt and blacklist in one transaction.

        Args:
            program: as it was read.
            event: what happened.
            note: a sentence; it becomes the program's ``reason``.
            receipt: to be queued with it.
            bad: a release that is never tried again; ``note`` says why.
            fact: to be remembered, by its name.
            changes: ``target``, ``current``, ``previous``, ``generation``, ``issue``,
                ``reached``.

        Raises:
            IllegalTransitionError: the table has no such way.
            RuntimeError: somebody else changed the state meanwhile.
        """
        now = stamp(self._clock.now())
        new = dataclasses.replace(
            program, state=after(program.state, event), reason=note, since=now, **changes
        )

        def work(connection: sqlite3.Connection) -> None:
            _save(connection, new, program.state)
            if event is Event.ORDERED_BACK:
                connection.execute(
                    "UPDATE programs SET ordered = '' WHERE product = ?", (program.product,)
                )
            if bad:
                connection.execute(
                    "INSERT INTO bad_releases (product, digest, version, reason, at, issue) "
                    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                    "reason = excluded.reason, at = excluded.at, issue = excluded.issue",
                    (program.product, bad.digest, bad.version, note, now, new.issue),
                )
            if receipt:
                _queue(connection, receipt, now)
            if fact:
                connection.execute(_KEEP_FACT, fact)
            _line(connection, now, program.product, new.state, event, note)

        self._store.write(work)
        return new

    def note(self, program: Program, reason: str) -> None:
        """Say why nothing moves; a line is written only when the sentence is a new one."""
        if reason == program.reason:
            return
        now = stamp(self._clock.now())

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE programs SET reason = ? WHERE product = ?", (reason, program.product)
            )
            _line(connection, now, program.product, program.state, "", reason)

        self._store.write(work)

    def about_to(self, program: Program, act: str) -> None:
        """A line before an act that leaves traces outside the database."""
        now = stamp(self._clock.now())
        self._store.write(lambda c: _line(c, now, program.product, program.state, "act", act))

    def end_order(self, program: Program, reason: str) -> None:
        """An order was carried out without a change of state, or cannot be; say so."""
        self._store.execute(
            "UPDATE programs SET ordered = '' WHERE product = ?", (program.product,)
        )
        self.note(program, reason)

    def history(self, product: str | None = None, limit: int = 100) -> list[Row]:
        """The newest lines, oldest first."""
        rows = self._store.rows(
            "SELECT at, product, version, state, event, note FROM journal "
            "WHERE ? IS NULL OR product = ? ORDER BY id DESC LIMIT ?",
            (product, product, limit),
        )
        return rows[::-1]

    def bad(self, product: str, issue: int = 0) -> dict[str, str]:
        """Digests that are not tried again, and why.

        Args:
            product: whose.
            issue: how often the vendor has issued the release in question again.
        """
        rows = self._store.rows(
            "SELECT digest, reason FROM bad_releases WHERE product = ? AND issue >= ?",
            (product, issue),
        )
        return {row["digest"]: row["reason"] for row in rows}

    def bad_releases(self) -> list[Row]:
        """Everything that is never tried again on this machine."""
        return self._store.rows(
            "SELECT product, version, digest, reason, at FROM bad_releases ORDER BY at"
        )

    def refused(self, program: Program, step: str, what: str, receipt: Receipt) -> bool:
        """Queue ``receipt`` for a refusal, unless this one was told since `accepted`."""
        now = stamp(self._clock.now())

        def work(connection: sqlite3.Connection) -> bool:
            fresh = connection.execute(
                "INSERT INTO refusals (product, step, what) VALUES (?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (program.product, step, what),
            ).rowcount
            if fresh:
                _queue(connection, receipt, now)
            return bool(fresh)

        return self._store.write(work)

    def accepted(self, product: str, step: str) -> None:
        """The step went well: the next refusal is news again."""
        about = (product, step)
        if self._store.value("SELECT 1 FROM refusals WHERE product = ? AND step = ?", about):
            self._store.execute("DELETE FROM refusals WHERE product = ? AND step = ?", about)

    def unsent(self, limit: int) -> list[Receipt]:
        """Receipts that wait, oldest first."""
        rows = self._store.rows(
            "SELECT id, signed FROM receipts WHERE sent_at IS NULL ORDER BY seq LIMIT ?", (limit,)
        )
        return [Receipt(row["id"], json.loads(row["signed"])) for row in rows]

    def count_unsent(self) -> tuple[int, str | None]:
        """How many receipts wait, and since when the oldest."""
        row = self._store.row(
            "SELECT count(*) AS n, min(made_at) AS oldest FROM receipts WHERE sent_at IS NULL"
        )
        return (row["n"], row["oldest"]) if row else (0, None)

    def newest_receipt(self) -> int:
        """A number that grows with every receipt that is queued."""
        return int(self._store.value("SELECT max(seq) FROM receipts") or 0)

    def sent(self, ids: list[str], rejected: str | None = None) -> None:
        """The server took these receipts, or will never take them (``rejected`` says why)."""
        now = stamp(self._clock.now())

        def work(connection: sqlite3.Connection) -> None:
            for receipt in ids:
                connection.execute(
                    "UPDATE receipts SET sent_at = ?, rejected = ? WHERE id = ?",
                    (now, rejected, receipt),
                )
            connection.execute(
                "DELETE FROM receipts WHERE sent_at IS NOT NULL "
                "AND seq <= (SELECT max(seq) FROM receipts) - ?",
                (_KEEP_SENT,),
            )

        self._store.write(work)

    def fact(self, name: str) -> str | None:
        """A small fact by name."""
        found = self._store.value("SELECT value FROM facts WHERE name = ?", (name,))
        return None if found is None else str(found)

    def keep_fact(self, name: str, value: str) -> None:
        """Remember a small fact."""
        self._store.execute(_KEEP_FACT, (name, value))

    def close(self) -> None:
        """Close the database."""
        self._store.close()


def _save(connection: sqlite3.Connection, new: Program, expected: State) -> None:
    current, previous = new.current, new.previous
    touched = connection.execute(
        "UPDATE programs SET state = ?, reason = ?, since = ?, generation = ?, "
        "target_manifest = ?, current_version = ?, current_digest = ?, previous_version = ?, "
        "previous_digest = ?, issue = ?, reached = ? WHERE product = ? AND state = ?",
        (
            new.state,
            new.reason,
            new.since,
            new.generation,
            new.target.to_bytes().decode() if new.target else None,
            current.version if current else None,
            current.digest if current else None,
            previous.version if previous else None,
            previous.digest if previous else None,
            new.issue,
            new.reached,
            new.product,
            expected,
        ),
    ).rowcount
    if touched != 1:
        raise RuntimeError(f"{new.product} is no longer {expected}: two updaters at work?")


def _line(
    connection: sqlite3.Connection, now: str, product: str, state: str, event: str, note: str
) -> None:
    # The version that the line is about: the one on its way, else the one that runs.
    connection.execute(
        "INSERT INTO journal (at, product, version, state, event, note) SELECT ?, product, "
        "coalesce(json_extract(target_manifest, '$.version'), current_version, ''), ?, ?, ? "
        "FROM programs WHERE product = ?",
        (now, state, event, note, product),
    )
    connection.execute(
        "DELETE FROM journal WHERE id <= (SELECT max(id) FROM journal) - ?", (_KEEP_LINES,)
    )


def _queue(connection: sqlite3.Connection, receipt: Receipt, now: str) -> None:
    connection.execute(
        "INSERT INTO receipts (id, signed, made_at) VALUES (?, ?, ?)",
        (receipt.id, json.dumps(receipt.signed, ensure_ascii=False), now),
    )


def _program(row: Row) -> Program:
    manifest = row["target_manifest"]
    return Program(
        product=row["product"],
        channel=row["channel"],
        port=row["port"],
        state=State(row["state"]),
        since=row["since"],
        dsn=row["dsn"],
        ordered=row["ordered"],
        reason=row["reason"],
        generation=row["generation"],
        target=read_manifest(json.loads(manifest)) if manifest else None,
        current=_release(row, "current"),
        previous=_release(row, "previous"),
        issue=row["issue"],
        reached=bool(row["reached"]),
        token=row["token"],
        hold=Hold(parse_stamp(row["hold_made"]), parse_stamp(row["hold_until"]))
        if row["hold_until"]
        else None,
        data=row["data"],
    )


def _release(row: Row, which: str) -> Release | None:
    digest = row[f"{which}_digest"]
    return Release(row[f"{which}_version"], digest) if digest else None
