"""Who let which release into which channel: append-only, each entry chained to the one before.

The hash of an entry stands in the channel's signed pointer, so that the log cannot be rewritten
without the product's key, not even by whoever owns the database.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3

from common.clock import Clock, stamp
from common.errors import OperatorError
from common.spool import Row, Store
from common.wire.signing import canonical

_FIRST = "0" * 64
_FIELDS = ("at", "product", "version", "channel", "digests", "by", "previous")
_MOST_NAME = 120


def approve(
    store: Store,
    clock: Clock,
    *,
    product: str,
    version: str,
    channel: str,
    digests: dict[str, str],
    by: str,
    among: tuple[str, ...] = (),
) -> str:
    """Write the entry down and answer its hash; the same entry again (a killed run) is the old one.

    Args:
        store: ``home.db``.
        clock: the entry's time.
        product: what is let in.
        version: of it.
        channel: where; or ``halt``, ``lift``, ``withdraw``.
        digests: the manifests' digests by platform: what exactly was approved.
        by: the person's name.
        among: with entries into which of these the last one is compared; default: ``channel``.

    Raises:
        OperatorError: no name, or the log was tampered with.
    """
    if not by.strip() or len(by) > _MOST_NAME or not by.isprintable():
        raise OperatorError("An approval needs the name of the person who answers for it (--by).")
    check_chain(store)
    entry = {
        "at": stamp(clock.now()),
        "product": product,
        "version": version,
        "channel": channel,
        "digests": json.dumps(digests, sort_keys=True),
        "by": by.strip(),
    }

    def append(connection: sqlite3.Connection) -> str:
        last = connection.execute(
            "SELECT * FROM approvals WHERE product = ? AND channel IN"
            " (SELECT value FROM json_each(?)) ORDER BY seq DESC LIMIT 1",
            [product, json.dumps(among or (channel,))],
        ).fetchone()
        if last and all(last[key] == entry[key] for key in entry if key != "at"):
            return str(last["hash"])
        head = connection.execute("SELECT hash FROM approvals ORDER BY seq DESC LIMIT 1").fetchone()
        row = entry | {"previous": head["hash"] if head else _FIRST}
        digest = _hash(row)
        row["hash"] = digest
        names = ", ".join(row)
        connection.execute(
            f"INSERT INTO approvals ({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own column names
            list(row.values()),
        )
        return digest

    return store.write(append)


def entered(store: Store, product: str, version: str, channel: str) -> bool:
    """Whether this version was ever let into ``channel``."""
    return bool(
        store.value(
            "SELECT 1 FROM approvals WHERE product = ? AND version = ? AND channel = ?",
            [product, version, channel],
        )
    )


def history(store: Store) -> list[Row]:
    """Every entry, oldest first."""
    return store.rows("SELECT * FROM approvals ORDER BY seq")


def check_chain(store: Store) -> None:
    """Raises OperatorError, naming the first entry that does not fit."""
    previous = _FIRST
    for row in history(store):
        if row["previous"] != previous or row["hash"] != _hash(row):
            raise OperatorError(
                f"The log of approvals was changed at entry {row['seq']} ({row['product']} "
                f"{row['version']} into {row['channel']}). Restore home.db from its backup, and "
                "find out who had access to it."
            )
        previous = row["hash"]


def _hash(row: Row) -> str:
    return hashlib.sha256(canonical({key: row[key] for key in _FIELDS})).hexdigest()
