"""Receipts in, decisions out; what was decided is kept."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from comm_server.plain import one_line
from comm_server.rollout.rules import Decision, decide, halt_reason
from common.clock import Clock, parse_stamp, stamp
from common.errors import RefusedError
from common.logs import get_logger
from common.spool import Row, Store

log = get_logger(__name__)
_MOST_RECEIPT = 64 * 1024  # a reason and the end of a log
_OUTCOMES = ("committed", "rolled_back", "failed", "refused")


class Rollout:
    """The site's rollout of every product."""

    def __init__(self, store: Store, most_failures: Callable[[], int], clock: Clock) -> None:
        self._store = store
        self._most_failures = most_failures
        self._clock = clock

    def decide(self, product: str, version: str) -> Decision:
        """May a client install this version now?"""
        halted = self._store.value(
            "SELECT reason FROM halts WHERE product = ? AND version = ?", (product, version)
        )
        here = self._store.value(
            "SELECT 1 FROM mirrored WHERE product = ? AND version = ?", (product, version)
        )
        return decide(mirrored=here is not None, halted_because=halted)

    def halts(self) -> list[Row]:
        """Every halted release."""
        return self._store.rows("SELECT * FROM halts ORDER BY at DESC")

    def mirrored(self) -> list[Row]:
        """Releases that clients may fetch here, newest first, and how many run each."""
        return self._store.rows(
            "SELECT m.*, (SELECT count(*) FROM client_programs p JOIN clients c USING (client) "
            "WHERE p.product = m.product AND p.release = m.version AND p.platform = m.platform "
            "AND c.revoked_at IS NULL) AS running FROM mirrored m ORDER BY m.at DESC, m.version"
        )

    def refusals(self) -> list[Row]:
        """What was offered and not accepted, the latest first."""
        return self._store.rows("SELECT * FROM refusals ORDER BY last_at DESC LIMIT 200")

    def resume(self, product: str, version: str) -> bool:
        """Lift a halt; whether there was one."""
        return (
            self._store.execute(
                "DELETE FROM halts WHERE product = ? AND version = ?", (product, version)
            )
            > 0
        )

    def keep_receipt(self, client: str, statement: dict[str, Any], signed: dict[str, Any]) -> str:
        """Keep a verified receipt (once) and halt the release when too many failed.

        Answers the receipt's id, after the commit. Raises RefusedError.
        """
        try:
            receipt, outcome = str(statement["id"]), str(statement["outcome"])
            product, version = str(statement["product"]), str(statement["version"])
            reason = one_line(statement["reason"], 500)
            parse_stamp(str(statement["at"]))
        except (KeyError, ValueError) as error:
            raise RefusedError("receipt", f"The receipt lacks or garbles {error}.") from error
        text = json.dumps(signed)
        if len(text) > _MOST_RECEIPT or max(len(receipt), len(product), len(version)) > 100:
            raise RefusedError("receipt", f"The receipt has more than {_MOST_RECEIPT} bytes.")
        if outcome not in _OUTCOMES or statement.get("client") != client:
            raise RefusedError(
                "receipt", "The receipt is not this client's, or says nothing known."
            )
        most = self._most_failures()
        now = stamp(self._clock.now())

        def work(connection: sqlite3.Connection) -> str | None:
            # `at` is our own time of receiving: what is due and what is newest is read from it,
            # and a client's clock may be wrong. The client's own stands in `signed`.
            added = connection.execute(
                "INSERT INTO receipts (id, client, product, version, outcome, reason, at, signed) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                (receipt, client, product, version, outcome, reason, now, text),
            )
            if not added.rowcount:  # sent again, perhaps after the halt was lifted
                return None
            failed = connection.execute(
                "SELECT c.name, r.reason FROM receipts r JOIN clients c USING (client) "
                "WHERE r.product = ? AND r.version = ? AND r.outcome IN ('rolled_back', 'failed') "
                "GROUP BY r.client ORDER BY min(r.at)",
                (product, version),
            ).fetchall()
            why = halt_reason(version, [(row[0], row[1]) for row in failed], most)
            if why and outcome != "committed":
                connection.execute(
                    "INSERT INTO halts (product, version, reason, at) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (product, version) DO NOTHING",
                    (product, version, why, now),
                )
                return why
            return None

        halted = self._store.write(work)
        log.info("receipt.kept", receipt=receipt, client=client, product=product, version=version,
                 outcome=outcome)  # fmt: skip
        if halted:
            log.warning("rollout.halted", product=product, version=version, reason=halted)
        return receipt
