"""Frozen mails: made once, sent with the same bytes until the vendor has acknowledged them.

    frozen --SMTP took it--> sent --acknowledged--> delivered
      ^                        |
      +---- not acknowledged --+  (after `comm.mail.resend_after`)

Frozen for ever is what somebody may have: before the first byte leaves (by mail or onto a stick)
`perhaps_out` is set durably, and a plain refusal takes it back. Only a bundle that nobody can have,
with none after it that anybody can have, may be made anew (`comm_server.unfreeze`).

A kill between the relay's 250 and our mark sends the mail twice, with the same Message-ID; the
vendor's inbox knows a bundle by site, sequence and hash (SMTP is at-least-once: RFC 1047).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from comm_server import alarms, sent_content
from comm_server.bundle import Collected
from comm_server.mail.transport import MailTransport
from comm_server.plain import one_line
from comm_server.unfreeze import before, remember_last, replaceable, tell_again
from common.backoff import Backoff
from common.clock import Clock, parse_stamp, stamp
from common.errors import CallsteadError, NetworkError, OperatorError, RemoteError
from common.logs import get_logger
from common.mail.errors import NoSuchRecipientError, TooLargeError, UncertainError
from common.spool import Row, Store

log = get_logger(__name__)
_BACKOFF = Backoff(first=2, most=1800)
_AHEAD = timedelta(hours=1)  # no try is put off for longer


@dataclass(frozen=True)
class Mail:
    """A finished mail."""

    message_id: str
    data: bytes


class NumberTakenError(Exception):
    """Another bundle was frozen since this one was collected; nothing was written."""


class DoesNotFitError(Exception):
    """The relay takes no mail of this size, and the bundle may be made anew, smaller.

    Attributes:
        sequence, size: the bundle's number, and its mail's bytes.
        limit: what the relay takes; 0 when it did not say.
    """

    def __init__(self, sequence: int, size: int, limit: int) -> None:
        super().__init__(f"bundle {sequence} of {size} bytes")
        self.sequence, self.size, self.limit = sequence, size, limit


class Outbox:
    """The way of a bundle from frozen to delivered."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def freeze(self, collected: Collected, mail: Mail, hold_for: float = 0.0) -> int:
        """Write the mail and mark all that is in it, in one transaction; answers its number.

        It leaves after ``hold_for`` seconds. Raises NumberTakenError: collect again.
        """
        manifest, chosen = collected.bundle.manifest, collected.selection
        now = stamp(self._clock.now())
        leaves_at = stamp(self._clock.now() + timedelta(seconds=hold_for))
        sequence = int(manifest["sequence"])
        sha256 = hashlib.sha256(collected.sealed).hexdigest()

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO bundles (sequence, reason, created_at, sha256, message_id, mail, "
                "size, summary, next_try_at, more, before, sum) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    sequence,
                    manifest["reason"],
                    manifest["created"],
                    sha256,
                    mail.message_id,
                    mail.data,
                    len(mail.data),
                    json.dumps(manifest, ensure_ascii=False),
                    leaves_at,
                    collected.more,
                    before(connection, chosen.problems, chosen.tallies),
                    _sum(sequence, sha256, mail.message_id, mail.data),
                ),
            )
            remember_last(connection)
            sent_content.keep(connection, sequence, collected.frame, now)
            for table, ids in (
                ("reports", chosen.reports),
                ("raw", chosen.raw),
                ("receipts", chosen.receipts),
                ("refusals", chosen.refusals),
                ("alarms", chosen.alarms),
            ):
                _mark(connection, table, ids, sequence)
            for problem in chosen.problems:
                connection.execute(
                    "UPDATE problems SET mailed_count = ?, mailed_at = ? WHERE id = ?",
                    (problem["count"], now, problem["id"]),
                )
                if problem["regression"]:
                    connection.execute(
                        "UPDATE resolutions SET bundle = ? WHERE problem = ? AND release = ? "
                        "AND came_back_at IS NOT NULL",
                        (sequence, problem["id"], problem["resolved_in"]),
                    )
            for row in chosen.tallies:
                connection.execute(
                    "UPDATE tallies SET count = count - ? WHERE kind = ? AND reason = ?",
                    (row["count"], row["kind"], row["reason"]),
                )
            connection.execute("DELETE FROM tallies WHERE count <= 0")

        try:
            self._store.write(work)
        except sqlite3.IntegrityError as error:
            raise NumberTakenError from error
        log.info("bundle.frozen", sequence=sequence, reason=manifest["reason"],
                 bytes=len(mail.data), reports=len(collected.bundle.reports))  # fmt: skip
        return sequence

    def send_due(self, transport: MailTransport, resend_after: float) -> int:
        """Send what is due, oldest first; answers how many.

        A mail that is refused for good lets the next one pass; any other failure ends this round.

        Raises DoesNotFitError: the caller makes this bundle anew; the later ones have not left.
        """
        now, sent = self._clock.now(), 0
        # Stamps of a clock that went wrong and was put right must not make anything wait for it.
        self._store.execute(
            "UPDATE bundles SET state = 'frozen', next_try_at = ? "
            "WHERE state = 'sent' AND (sent_at < ? OR sent_at > ?) "
            # A byte of the state that the disk has changed; `_whole` sees what is left.
            "OR state NOT IN ('frozen', 'sent', 'delivered')",
            (stamp(now), stamp(now - timedelta(seconds=resend_after)), stamp(now + _AHEAD)),
        )
        rows = self._store.rows(
            "SELECT sequence, failures, message_id, size, perhaps_out FROM bundles "
            "WHERE state = 'frozen' AND (next_try_at <= ? OR next_try_at > ?) ORDER BY sequence",
            (stamp(now), stamp(now + _AHEAD)),
        )
        for row in rows:
            data = self._whole(row["sequence"])
            if data is None:
                continue
            if not row["perhaps_out"]:
                self._perhaps_out(row["sequence"], out=True)
            try:
                transport.send(data)
            except TooLargeError as error:
                self._failed(row, error)
                if replaceable(self._store, row["sequence"]):
                    raise DoesNotFitError(row["sequence"], row["size"], error.limit) from error
                continue
            except RemoteError as error:
                self._failed(row, error)
                continue
            except CallsteadError as error:
                self._failed(row, error)
                return sent
            except Exception as error:  # a fault of ours must not be tried every second
                self._failed(row, error)
                raise
            self._store.execute(
                "UPDATE bundles SET state = 'sent', sent_at = ?, failures = 0, last_error = NULL, "
                "trouble = NULL WHERE sequence = ? AND state = 'frozen'",
                (stamp(self._clock.now()), row["sequence"]),
            )
            sent += 1
            log.info("bundle.sent", sequence=row["sequence"], message_id=row["message_id"])
        return sent

    def acknowledged(self, entries: Iterable[tuple[int, str]]) -> list[int]:
        """The vendor has these ``(sequence, sha256)``; answers the ones that are news."""
        now = stamp(self._clock.now())
        wanted = list(entries)

        def work(connection: sqlite3.Connection) -> list[int]:
            news = []
            for sequence, sha256 in wanted:
                done = connection.execute(
                    "UPDATE bundles SET state = 'delivered', delivered_at = ?, mail = NULL, "
                    "before = NULL, trouble = NULL "
                    "WHERE sequence = ? AND sha256 = ? AND state <> 'delivered'",
                    (now, sequence, sha256),
                )
                if done.rowcount:
                    news.append(sequence)
                    connection.execute(
                        "UPDATE reports SET event = NULL WHERE bundle = ?", (sequence,)
                    )
                    connection.execute("UPDATE raw SET body = NULL WHERE bundle = ?", (sequence,))
            return news

        news = self._store.write(work)
        for sequence in news:
            log.info("bundle.delivered", sequence=sequence)
        return news

    def awaiting(self) -> int:
        """How many bundles the vendor may have, but has not acknowledged yet.

        One that failed is among them: the line may have been cut after the last byte, or it went
        by another way.
        """
        return int(
            self._store.value(
                "SELECT count(*) FROM bundles WHERE state <> 'delivered' "
                "AND (sent_at IS NOT NULL OR failures > 0 OR exported_at IS NOT NULL)"
            )
        )

    def listing(self, limit: int = -1, offset: int = 0) -> list[dict[str, Any]]:
        """Bundles, newest first, without their bytes; all of them without a limit."""
        return self._store.rows(
            "SELECT sequence, reason, created_at, sha256, message_id, size, state, failures, "
            "next_try_at, last_error, sent_at, delivered_at, summary FROM bundles "
            "ORDER BY sequence DESC LIMIT ? OFFSET ?",
            (limit, offset),
        )

    def one(self, sequence: int) -> Row | None:
        """One bundle with its frozen ``mail`` (None once it was delivered), or None."""
        return self._store.row("SELECT * FROM bundles WHERE sequence = ?", (sequence,))

    def _whole(self, sequence: int) -> bytes | None:
        """The frozen mail; None when the disk has changed it, and then what it told goes again."""
        row = self._store.row(
            "SELECT sha256, message_id, mail, sum FROM bundles WHERE sequence = ?", (sequence,)
        )
        if row is None or row["mail"] is None:
            return None
        given = _sum(sequence, row["sha256"], row["message_id"], row["mail"])
        if row["sum"] is None or row["sum"] == given:
            return bytes(row["mail"])
        at = stamp(self._clock.now())

        def work(connection: sqlite3.Connection) -> None:
            tell_again(connection, [sequence], at)
            alarms.keep(connection, "bundle_damaged", at, {"sequence": sequence})

        self._store.write(work)
        log.error("bundle.damaged", sequence=sequence)
        return None

    def _perhaps_out(self, sequence: int, *, out: bool) -> None:
        self._store.execute(
            "UPDATE bundles SET perhaps_out = ? WHERE sequence = ?", (out, sequence)
        )

    def _failed(self, row: Row, error: Exception) -> None:
        failures = row["failures"] + 1
        # What was refused in words, or never reached, is with nobody; a fault of ours may be.
        certain = isinstance(error, CallsteadError) and not isinstance(error, UncertainError)
        wait = _BACKOFF.delay(failures)
        self._store.execute(
            "UPDATE bundles SET failures = ?, last_error = ?, trouble = ?, next_try_at = ?, "
            "perhaps_out = ? WHERE sequence = ?",
            (
                failures,
                one_line(str(error) or repr(error), 500),
                trouble_of(error),
                stamp(self._clock.now() + timedelta(seconds=wait)),
                bool(row["perhaps_out"]) or not certain,
                row["sequence"],
            ),
        )
        log.warning("bundle.not_sent", sequence=row["sequence"], reason=str(error), tries=failures)


def _sum(sequence: int, sha256: str, message_id: str, mail: bytes) -> int:
    return zlib.crc32(mail, zlib.crc32(f"{sequence} {sha256} {message_id}".encode()))


def trouble_of(error: Exception) -> str:
    """A failure's kind: ``recipient``, ``size``, ``refused``, ``network``, ``settings``, ``fault``.

    The first two need a person, whatever the time: see `comm_server.attention`.
    """
    kinds: tuple[tuple[type[Exception], str], ...] = (
        (NoSuchRecipientError, "recipient"),
        (TooLargeError, "size"),
        (RemoteError, "refused"),
        (NetworkError, "network"),
        (OperatorError, "settings"),
    )
    return next((word for kind, word in kinds if isinstance(error, kind)), "fault")


def _mark(
    connection: sqlite3.Connection, table: str, ids: Iterable[int | str], sequence: int
) -> None:
    connection.executemany(
        f"UPDATE {table} SET bundle = ? WHERE id = ?",  # noqa: S608 - the table is our own word
        [(sequence, identity) for identity in ids],
    )


def oldest_urgent(store: Store) -> Any:
    """When the oldest thing arrived that must not wait for the schedule, or None."""
    return store.value(
        """SELECT min(at) FROM (
            SELECT min(first_seen) AS at FROM problems WHERE mailed_count = 0
            UNION ALL SELECT min(came_back_at) FROM resolutions WHERE bundle IS NULL
            UNION ALL SELECT min(at) FROM receipts
                WHERE bundle IS NULL AND outcome <> 'committed'
            UNION ALL SELECT min(at) FROM refusals WHERE bundle IS NULL
            UNION ALL SELECT min(at) FROM alarms WHERE bundle IS NULL
            UNION ALL SELECT min(at) FROM halts
                WHERE at > (SELECT coalesce(max(created_at), '') FROM bundles))"""
    )


def anything_untold(store: Store) -> bool:
    """Whether there is anything that no bundle has told."""
    return bool(
        store.value(
            """SELECT EXISTS (SELECT 1 FROM problems WHERE count > mailed_count)
                OR EXISTS (SELECT 1 FROM resolutions
                    WHERE came_back_at IS NOT NULL AND bundle IS NULL)
                OR EXISTS (SELECT 1 FROM receipts WHERE bundle IS NULL)
                OR EXISTS (SELECT 1 FROM refusals WHERE bundle IS NULL)
                OR EXISTS (SELECT 1 FROM alarms WHERE bundle IS NULL)
                OR EXISTS (SELECT 1 FROM reports WHERE bundle IS NULL AND event IS NOT NULL)
                OR EXISTS (SELECT 1 FROM raw WHERE state = 'quarantined' AND bundle IS NULL)"""
        )
    )


def last_bundle_at(store: Store) -> Any:
    """When the newest bundle was made, as a datetime, or None."""
    at = store.value("SELECT created_at FROM bundles ORDER BY sequence DESC LIMIT 1")
    return parse_stamp(at) if at else None


def cut_short(store: Store) -> bool:
    """Whether the newest bundle had no room for all that waited: the next one follows at once."""
    return bool(store.value("SELECT more FROM bundles ORDER BY sequence DESC LIMIT 1"))
