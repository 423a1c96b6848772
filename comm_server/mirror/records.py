"""The mirror's rows: what is here since when, and what was refused."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from comm_server.mirror.answers import Release
from common.clock import Clock, ago, stamp
from common.spool import Store
from common.wire.release import Notice
from common.wire.rollout import Terms

Announce = Callable[[sqlite3.Connection, str, str, str, str], None]
# Called with (connection, product, version, sentence before, sentence now), in the transaction
# that records it; an empty sentence says that there was, or is, nothing against the version.
Warn = Callable[[sqlite3.Connection, str, str, str, str], None]
_MOST_REFUSALS = 1000
_SAME_FOR_HOURS = 24


@dataclass(frozen=True)
class Noticed:
    """What the vendor says against a release that a channel points to."""

    release: Release
    notice: Notice

    @property
    def sentence(self) -> str:
        """For people."""
        return self.notice.sentence(f"{self.release.product} {self.release.version}")


def no_warning(*_about: object) -> None:
    """For a mirror that nobody waits behind."""


class Records:
    """Rows in the room's store.

    Args:
        store: with the tables of `comm_server.mirror.schema`.
        announce: writes the feed event of a new release, in the transaction of its row.
        clock: the rows' time.
        warn: see `Warn`.
    """

    def __init__(self, store: Store, announce: Announce, clock: Clock, warn: Warn) -> None:
        self._store = store
        self._announce = announce
        self._clock = clock
        self._warn = warn

    def newest(self, product: str, channel: str, platform: str) -> str | None:
        """The highest version that was here."""
        rows = self._store.rows(
            "SELECT version FROM mirrored WHERE product = ? AND channel = ? AND platform = ?",
            [product, channel, platform],
        )
        return max((row["version"] for row in rows), key=Version, default=None)

    def add(self, releases: list[Release]) -> list[Release]:
        """Write down and announce those that are new; answers them."""
        at = stamp(self._clock.now())
        if all(self._is_known(release) for release in releases):
            return []

        def insert(connection: sqlite3.Connection) -> list[Release]:
            new = []
            for r in releases:
                added = connection.execute(
                    "INSERT OR IGNORE INTO mirrored (product, channel, platform, version, at)"
                    " VALUES (?, ?, ?, ?, ?)",
                    [r.product, r.channel, r.platform, r.version, at],
                )
                if added.rowcount:
                    self._announce(connection, r.product, r.channel, r.platform, r.version)
                    new.append(r)
            return new

        return self._store.write(insert)

    def keep_terms(self, terms: list[tuple[Release, Terms]]) -> None:
        """Write down how the vendor asks to spread these, before any of them is announced.

        Nothing asked takes away what was.
        """
        rows = {(r.product, r.channel, r.version): json.dumps(t.as_dict()) for r, t in terms}
        known = {
            (row["product"], row["channel"], row["version"]): row["facts"]
            for row in self._store.rows("SELECT * FROM terms")
        }
        changed = {about: said for about, said in rows.items() if known.get(about, "{}") != said}
        if not changed:
            return

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT INTO terms (product, channel, version, facts) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET facts = excluded.facts",
                [(*about, said) for about, said in changed.items()],
            )

        self._store.write(write)

    def note(self, notices: list[Noticed]) -> None:
        """Write down what the vendor says now against releases; tells what changed."""
        now = {_key(one): one for one in notices}
        before = {
            (row["product"], row["channel"], row["platform"], row["version"]): row["sentence"]
            for row in self._store.rows("SELECT * FROM notices")
        }
        if before == {key: one.sentence for key, one in now.items()}:
            return

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM notices")
            for key, one in now.items():
                connection.execute(
                    "INSERT INTO notices (product, channel, platform, version, sentence,"
                    " withdrawn, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [*key, one.sentence, one.notice.withdrawn, stamp(self._clock.now())],
                )
            for key in before.keys() | now.keys():
                product, channel, platform, version = key
                past = before.get(key, "")
                sentence = now[key].sentence if key in now else ""
                if past != sentence:
                    self._warn(connection, product, version, past, sentence)
                    self._announce(connection, product, channel, platform, version)

        self._store.write(write)

    def _is_known(self, r: Release) -> bool:
        return bool(
            self._store.value(
                "SELECT 1 FROM mirrored"
                " WHERE product = ? AND channel = ? AND platform = ? AND version = ?",
                [r.product, r.channel, r.platform, r.version],
            )
        )

    def count_again(self, via: str, kind: str, sentence: str) -> bool:
        """Whether the last refusal of this way in was the same, a short time ago; counts it."""
        now = self._clock.now()
        touched = self._store.execute(
            "UPDATE refusals SET times = times + 1, last_at = ?"
            " WHERE id = (SELECT max(id) FROM refusals WHERE via = ?)"
            " AND kind = ? AND sentence = ? AND last_at > ?",
            [stamp(now), via, kind, sentence, ago(now, hours=_SAME_FOR_HOURS)],
        )
        return bool(touched)

    def refuse(self, via: str, kind: str, sentence: str, evidence: Path) -> None:
        """Write a refusal down."""
        at = stamp(self._clock.now())

        def insert(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO refusals (at, via, kind, sentence, evidence, last_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [at, via, kind, sentence, str(evidence), at],
            )
            connection.execute(
                "DELETE FROM refusals WHERE id <= (SELECT max(id) FROM refusals) - ?",
                [_MOST_REFUSALS],
            )

        self._store.write(insert)


def _key(one: Noticed) -> tuple[str, str, str, str]:
    r = one.release
    return r.product, r.channel, r.platform, r.version
