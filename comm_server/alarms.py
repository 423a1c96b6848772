"""What befell this server itself and a person should know: it goes home in the next urgent mail.

Kinds and their facts: ``disk_low`` (``free``, ``ballast``: bytes), ``disk_again`` (``seconds`` that
no report was taken, ``closed`` connections), ``database_mended`` (``lost``: entries by table,
``rows`` that came over, ``kept_as``: where the damaged file lies), ``log_repaired`` (``bytes``),
``bundle_damaged`` (``sequence``).
"""

from __future__ import annotations

import json
import sqlite3
from functools import cache, partial
from typing import Any

from common.spool import Row, Store
from common.web.texts import Texts


def keep(connection: sqlite3.Connection, kind: str, at: str, facts: dict[str, Any]) -> None:
    """Note it, in the transaction at hand; ``at`` is a stamp."""
    connection.execute(
        "INSERT INTO alarms (kind, at, facts) VALUES (?, ?, ?)", (kind, at, json.dumps(facts))
    )


def last(store: Store, kind: str) -> Row | None:
    """The newest of a kind, or None."""
    return store.row("SELECT * FROM alarms WHERE kind = ? ORDER BY id DESC LIMIT 1", (kind,))


def told(row: Row) -> dict[str, Any]:
    """As a bundle's manifest has it: in words, too, for a vendor that knows no such kind yet."""
    facts = json.loads(row["facts"])
    alarm = {"at": row["at"], "kind": row["kind"], "facts": facts}
    say = partial(_texts().t, f"alarm.{row['kind']}", **readable(facts))
    return alarm | {"sentence": say(language="en"), "sentence_zh": say(language="zh-CN")}


def readable(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts as an alarm's sentence names them."""
    lost = facts.get("lost", {})
    return facts | {
        "free": f"{facts.get('free', 0) / 2**20:.0f}",
        "minutes": f"{facts.get('seconds', 0) / 60:.0f}",
        "lost": ", ".join(f"{table} {count}" for table, count in lost.items()) or "-",
    }


@cache
def _texts() -> Texts:
    return Texts("comm_server")
