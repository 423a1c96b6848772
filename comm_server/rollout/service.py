"""Receipts in, decisions out; what was decided is kept with its sentence.

Everything is decided inside the transaction that writes it down: two clients that ask at once
cannot both get the last place, and a receipt is never kept without the halt that follows from it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

from comm_server.plain import one_line
from comm_server.rollout import rules
from comm_server.rollout.reading import (
    Reading,
    Rows,
    rows_of,
    snapshot,
    terms_of,
    vendor_lets_return,
)
from comm_server.rollout.rings import plan_rings
from comm_server.rollout.rules import Limits, Snapshot, Verdict, Why
from comm_server.rollout.table import begin, current, decided, superseded
from comm_server.rollout.terms import tightened
from comm_server.rollout.words import say
from comm_server.settings.updates import RolloutSettings
from common.clock import Clock, parse_stamp, stamp
from common.errors import RefusedError
from common.logs import get_logger
from common.spool import Row, Store
from common.window import Window

log = get_logger(__name__)
_MOST_RECEIPT = 64 * 1024  # a reason and the end of a log
_OUTCOMES = ("committed", "rolled_back", "failed", "refused", "returned")
STEPS = ("fetch", "ready", "switch")
# Tells clients to look: the product and the version.
Announce = Callable[[sqlite3.Connection, str, str], None]


class Rollout:
    """The site's rollout of every product.

    Args:
        store: the room's database.
        settings: in force now.
        silent_after: seconds, see ``comm.console.silent_after``.
        clock: the rows' time.
        announce: writes the feed event by which clients look at once, in the transaction.
    """

    def __init__(
        self,
        store: Store,
        settings: Callable[[], RolloutSettings],
        silent_after: Callable[[], float],
        clock: Clock,
        announce: Announce,
    ) -> None:
        self.store = store
        self.clock = clock
        self.announce = announce
        self.settings = settings
        self._silent_after = silent_after

    # --- what clients ask and tell ------------------------------------------------------------

    def decide(
        self, client: str, product: str, version: str, step: str, *, urgent: bool = False
    ) -> tuple[bool, str]:
        """May the client take this step with the release? And the sentence why (not).

        An answer to ``switch`` that is yes has reserved the client's place, durably.
        """
        row = self._row_for(client, product, version)
        if row is None:
            halted = self._halt(product, version)
            return False, say(
                Why("halted", {"reason": halted}) if halted else Why("not_here"), "en"
            )
        limits = self.limits(row)
        decision = rules.may_go(self.look(row), client, step, limits, urgent=urgent)
        if decision.go and step == "switch":
            decision = self.store.write(
                lambda c: self._admit(c, row, client, limits, urgent=urgent)
            )
        return decision.go, say(decision.why, "en")

    def go_back(self, product: str, version: str) -> str:
        """Why a client that runs this version shall return to the one before; empty: it stays."""
        found = self.store.value(
            "SELECT reason FROM halts WHERE product = ? AND version = ? AND back",
            (product, version),
        )
        if found is None and self.settings().on_halt == "return":
            found = self.store.value(
                "SELECT sentence FROM notices WHERE product = ? AND version = ? LIMIT 1",
                (product, version),
            )
        return str(found) if found is not None else ""

    def keep_receipt(self, client: str, statement: dict[str, Any], signed: dict[str, Any]) -> str:
        """Keep a verified receipt (once), and what follows from it.

        Answers the receipt's id, after the commit. Raises RefusedError.
        """
        receipt = _read(client, statement, signed)
        now = stamp(self.clock.now())

        def work(connection: sqlite3.Connection) -> bool:
            # `at` is our own time of receiving: what is due and what is newest is read from it,
            # and a client's clock may be wrong. The client's own stands in `signed`.
            added = connection.execute(
                "INSERT INTO receipts (id, client, product, version, outcome, reason, at, signed) "
                "VALUES (:id, :client, :product, :version, :outcome, :reason, :now, :signed) "
                "ON CONFLICT (id) DO NOTHING",
                receipt | {"now": now},
            )
            if not added.rowcount:  # sent again, perhaps after the halt was lifted
                return False
            if receipt["outcome"] != "refused":
                connection.execute(
                    "UPDATE rollout_turns SET settled_at = ? WHERE product = ? AND version = ? "
                    "AND client = ? AND settled_at IS NULL",
                    (now, receipt["product"], receipt["version"], client),
                )
            rows = rows_of(connection)
            channel = _channel_of(rows, client, receipt["product"])
            row = self._begun(connection, receipt["product"], channel, receipt["version"])
            self.judge(connection, row)
            return True

        self.store.write(work)
        log.info("receipt.kept", receipt=receipt["id"], client=client, product=receipt["product"],
                 version=receipt["version"], outcome=receipt["outcome"])  # fmt: skip
        return str(receipt["id"])

    # --- what happens by itself ---------------------------------------------------------------

    def run_once(self) -> None:
        """Begin what came in, and let every rollout go on, or halt, by the rules."""
        for row in self._unbegun():
            self.store.write(partial(self._begun, **row))
        for row in self.rollouts():
            if row["done_at"] is None and self._changes(row):
                self.store.write(partial(self.judge, row=row))

    def judge(self, connection: sqlite3.Connection, row: Row) -> Row:
        """Follow the rules as far as they lead now; the row as it is then."""
        rows, now = rows_of(connection), stamp(self.clock.now())
        about = (row["product"], row["channel"], row["version"])
        while True:
            row = current(rows, *about) or row
            verdict = rules.judge(snapshot(rows, row, self.reading()), self.limits(row, rows))
            if verdict.kind != "halt" and superseded(rows, row):
                verdict = Verdict("done", Why("superseded"))
            if not self._follow(connection, row, verdict, now):
                return current(rows, *about) or row

    def look(self, row: Row) -> Snapshot:
        """Everything that is known of one row of `rollouts`."""
        return snapshot(self.store.rows, row, self.reading())

    def limits(self, row: Row, rows: Rows | None = None) -> Limits:
        """Of the settings in force, and of what the vendor asks for this rollout.

        Args:
            row: of `rollouts`.
            rows: reads inside a transaction; outside by default.
        """
        s = self.settings()
        own = Limits(
            at_once=s.at_once,
            enough=s.enough,
            quiet=s.quiet,
            watch=s.watch,
            most_failures=s.most_failures,
            most_missing=s.most_missing,
            most_new_problems=s.most_new_problems,
            error_factor=s.error_factor,
            least_errors=s.least_errors,
        )
        return tightened(own, terms_of(rows or self.store.rows, row))

    def reading(self) -> Reading:
        """How to look, by the settings in force and the time now."""
        s = self.settings()
        window = Window(s.window, s.window_minutes, s.window_zone) if s.window else None
        return Reading(self.clock.now(), self._silent_after(), s.missing_after, window)

    # --- what is read -------------------------------------------------------------------------

    def rollouts(self) -> list[Row]:
        """Every rollout of a release that is here, the newest first; done ones too."""
        return self.store.rows(
            "SELECT r.* FROM rollouts r WHERE EXISTS (SELECT 1 FROM mirrored m WHERE "
            "m.product = r.product AND m.channel = r.channel AND m.version = r.version) "
            "ORDER BY r.began_at DESC, r.rowid DESC"
        )

    def halts(self) -> list[Row]:
        """Every halted release."""
        return self.store.rows("SELECT * FROM halts ORDER BY at DESC")

    def mirrored(self) -> list[Row]:
        """Releases that clients may fetch here, newest first, and how many run each."""
        return self.store.rows(
            "SELECT m.*, (SELECT count(*) FROM client_programs p JOIN clients c USING (client) "
            "WHERE p.product = m.product AND p.release = m.version AND p.platform = m.platform "
            "AND c.revoked_at IS NULL) AS running FROM mirrored m ORDER BY m.at DESC, m.version"
        )

    def refusals(self) -> list[Row]:
        """What was offered and not accepted, the latest first."""
        return self.store.rows("SELECT * FROM refusals ORDER BY last_at DESC LIMIT 200")

    def decisions(self, most: int = 100) -> list[Row]:
        """What was decided, the latest first."""
        return self.store.rows("SELECT * FROM rollout_decisions ORDER BY id DESC LIMIT ?", (most,))

    # --- inside ---------------------------------------------------------------------------------

    def _row_for(self, client: str, product: str, version: str) -> Row | None:
        """The rollout that the client's question is about; begun if it is here and was not yet."""
        channel = _channel_of(self.store.rows, client, product)
        row = current(self.store.rows, product, channel, version)
        here = "SELECT 1 FROM mirrored WHERE product = ? AND channel = ? AND version = ?"
        if row is None and self.store.value(here, (product, channel, version)):
            row = self.store.write(lambda c: self._begun(c, product, channel, version))
        return row

    def _unbegun(self) -> list[Row]:
        return self.store.rows(
            "SELECT DISTINCT m.product, m.channel, m.version FROM mirrored m "
            "LEFT JOIN rollouts r USING (product, channel, version) WHERE r.version IS NULL"
        )

    def _begun(
        self, connection: sqlite3.Connection, product: str, channel: str, version: str
    ) -> Row:
        about = {"product": product, "channel": channel, "version": version}
        terms = terms_of(rows_of(connection), about)
        rings = [ring.as_text() for ring in plan_rings(self.settings().rings, terms.rings)]
        row, new = begin(connection, product, channel, version, rings, stamp(self.clock.now()))
        return self.judge(connection, row) if new else row

    def _changes(self, row: Row) -> bool:
        """Whether judging it again would write anything."""
        verdict = rules.judge(self.look(row), self.limits(row))
        said = (verdict.why.code, json.dumps(verdict.why.facts, ensure_ascii=False))
        return (
            verdict.kind != "wait"
            or said != (row["code"], row["facts"])
            or superseded(self.store.rows, row)
        )

    def _follow(self, connection: sqlite3.Connection, row: Row, verdict: Verdict, now: str) -> bool:
        """Write a verdict down; whether another one may follow at once."""
        product, version, why = row["product"], row["version"], verdict.why
        if verdict.kind == "halt":
            about = rows_of(connection), product, version
            back = self.settings().on_halt == "return" and vendor_lets_return(*about)
            connection.execute(
                "INSERT INTO halts (product, version, reason, at, back) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (product, version) DO NOTHING",
                (product, version, one_line(say(why, "en"), 600), now, back),
            )
            decided(connection, row, now, why)
            if back:
                self.announce(connection, product, version)
            log.warning("rollout.halted", product=product, version=version, reason=say(why, "en"))
            return False
        if verdict.kind == "widen":
            # Only ever wider, whatever else happened meanwhile.
            connection.execute(
                "UPDATE rollouts SET ring = ?, ring_at = ? WHERE product = ? AND channel = ? "
                "AND version = ? AND ring < ?",
                (verdict.ring, now, product, row["channel"], version, verdict.ring),
            )
            decided(connection, row, now, why)
            self.announce(connection, product, version)
            log.info("rollout.widened", product=product, version=version, reason=say(why, "en"))
            return True
        done = verdict.kind == "done"
        decided(connection, row, now, why, done=done, keep=done and not row["done_at"])
        return False

    def _admit(
        self,
        connection: sqlite3.Connection,
        row: Row,
        client: str,
        limits: Limits,
        *,
        urgent: bool,
    ) -> rules.Decision:
        rows = rows_of(connection)
        row = current(rows, row["product"], row["channel"], row["version"]) or row
        s = snapshot(rows, row, self.reading())
        decision = rules.may_go(s, client, "switch", limits, urgent=urgent)
        if decision.go:
            ring = next(s.rings[m.ring].name for m in s.members if m.client == client)
            connection.execute(
                "INSERT INTO rollout_turns (product, version, client, ring, at) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT (product, version, client) DO UPDATE SET "
                "ring = excluded.ring, at = excluded.at, settled_at = NULL",
                (row["product"], row["version"], client, ring, stamp(self.clock.now())),
            )
        return decision

    def _halt(self, product: str, version: str) -> str:
        found = self.store.value(
            "SELECT reason FROM halts WHERE product = ? AND version = ?", (product, version)
        )
        return str(found or "")


def _channel_of(rows: Rows, client: str, product: str) -> str:
    found = rows(
        "SELECT channel FROM client_programs WHERE client = ? AND product = ?", (client, product)
    )
    return str(found[0]["channel"]) if found else ""


def _read(client: str, statement: dict[str, Any], signed: dict[str, Any]) -> dict[str, Any]:
    try:
        fields = {name: str(statement[name]) for name in ("id", "outcome", "product", "version")}
        reason = one_line(statement["reason"], 500)
        parse_stamp(str(statement["at"]))
    except (KeyError, ValueError) as error:
        raise RefusedError("receipt", f"The receipt lacks or garbles {error}.") from error
    text = json.dumps(signed)
    if len(text) > _MOST_RECEIPT or max(map(len, fields.values())) > 100:
        raise RefusedError("receipt", f"The receipt has more than {_MOST_RECEIPT} bytes.")
    if fields["outcome"] not in _OUTCOMES or statement.get("client") != client:
        raise RefusedError("receipt", "The receipt is not this client's, or says nothing known.")
    return fields | {"client": client, "reason": reason, "signed": text}
