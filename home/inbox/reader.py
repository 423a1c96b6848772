"""Read what waits in a mailbox, one mail after the other, each to its end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.clock import Clock, stamp
from common.errors import NetworkError, RefusedError, RemoteError
from common.logs import get_logger
from common.spool import Store
from home.inbox.acks import Acknowledger
from home.inbox.chain import gaps
from home.inbox.mailbox import Mailbox
from home.inbox.record import record
from home.inbox.verify import verify

log = get_logger(__name__)
_MOST_TOLD = 20  # of a bundle: a second for each


@dataclass(frozen=True)
class Outcome:
    """What became of one mail.

    Attributes:
        name: in its mailbox.
        what: ``stored``, ``duplicate``, ``refused``, or ``later`` (left for the next run).
        site: name of the site, when it is known.
        sequence: of the bundle, when it is known.
        sentence: why it was refused or left.
    """

    name: str
    what: str
    site: str = ""
    sequence: int = 0
    sentence: str = ""


class InboxReader:
    """Mails to problems.

    Args:
        store: ``home.db``.
        keys: the private bundle keys by `common.wire.bundle.recipient_id`.
        acknowledger: answers the sites.
        clock: tells the time of receiving.
        most_refused: how many refused mails are kept.
        named: puts an event into better words, as `home.maps.readable` does, or answers itself.
    """

    def __init__(
        self,
        store: Store,
        keys: Mapping[str, X25519PrivateKey],
        acknowledger: Acknowledger,
        clock: Clock,
        most_refused: int,
        named: Callable[[dict[str, Any]], dict[str, Any]] = lambda event: event,
    ) -> None:
        self._store = store
        self._keys = keys
        self._acknowledger = acknowledger
        self._clock = clock
        self._most_refused = most_refused
        self._named = named

    def read(self, mailbox: Mailbox) -> list[Outcome]:
        """Everything that waits, once. Raises OperatorError when the mailbox cannot be listed."""
        return [self._one(mailbox, name) for name in mailbox.names()]

    def _one(self, mailbox: Mailbox, name: str) -> Outcome:
        try:
            return self._accept(mailbox, name)
        except RefusedError as error:
            return self._refuse(mailbox, name, error.kind, str(error))
        except (OSError, sqlite3.Error, TimeoutError, NetworkError, RemoteError) as error:
            # This machine's trouble or the mailbox's, not the mail's: a full disk or a line that
            # was cut must not refuse good mails.
            log.warning("mail.left", mail=name, error=str(error))
            return Outcome(name, "later", sentence=f"{error}")
        except Exception as error:  # one mail that hits a bug of ours must not stop all others
            log.exception("mail.fault", mail=name)
            sentence = f"A fault in Callstead itself kept it from being read: {error!r}."
            return self._refuse(mailbox, name, "fault", sentence)

    def _accept(self, mailbox: Mailbox, name: str) -> Outcome:
        attachment = mailbox.open(name)
        verified = verify(attachment.data, self._keys, self._store)
        size, now = len(attachment.data), self._clock.now()
        opened = verified.opened
        told = self._told(opened.bundle.reports)  # before the transaction: maps are large
        recorded = self._store.write(
            lambda connection: record(connection, verified, attachment.message_id, size, now, told)
        )
        self._acknowledger.write(opened.site)
        mailbox.accept(name)
        log.info(
            "bundle.received",
            what=recorded.value,
            site=verified.site_name,
            sequence=opened.sequence,
            sha256=opened.sha256,
            bytes=size,
        )
        for gap in gaps(self._store, opened.site):
            if gap.noticed_at != stamp(now):
                continue  # told before
            log.warning("bundle.gap", site=gap.site_name, first=gap.first, last=gap.last)
        return Outcome(name, recorded.value, verified.site_name, opened.sequence)

    def _told(self, reports: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The first of those that better words are known for."""
        found: dict[str, dict[str, Any]] = {}
        for name, event in reports.items():
            told = self._named(event) if isinstance(event, dict) else event
            if told is not event:
                found[name] = told
            if len(found) == _MOST_TOLD:
                break
        return found

    def _refuse(self, mailbox: Mailbox, name: str, kind: str, sentence: str) -> Outcome:
        try:
            headers = mailbox.headers(name)
            values = [name, stamp(self._clock.now()), kind, sentence, headers.sender,
                      headers.subject, headers.message_id]  # fmt: skip
            forgotten = self._store.write(lambda connection: self._note(connection, values))
            mailbox.refuse(name)
        except (OSError, sqlite3.Error, TimeoutError, NetworkError, RemoteError) as error:
            log.warning("mail.left", mail=name, error=str(error))
            return Outcome(name, "later", sentence=f"{error}")
        for old in forgotten:
            mailbox.forget(old)
        log.warning("mail.refused", mail=name, kind=kind, reason=sentence)
        return Outcome(name, "refused", sentence=sentence)

    def _note(self, connection: sqlite3.Connection, values: list[str]) -> list[str]:
        """Keep the reason; answers the mails that are too many now."""
        connection.execute(
            "INSERT OR REPLACE INTO refused_mails"
            " (file, at, kind, sentence, sender, subject, message_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        old = connection.execute(
            "SELECT file FROM refused_mails ORDER BY at DESC, file DESC LIMIT -1 OFFSET ?",
            [self._most_refused],
        ).fetchall()
        for row in old:
            connection.execute("DELETE FROM refused_mails WHERE file = ?", [row["file"]])
        return [row["file"] for row in old]
