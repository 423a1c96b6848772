"""A mailbox on an IMAP server: mails lie in one folder until read, then in one of two others."""

from __future__ import annotations

import contextlib
import imaplib
from collections.abc import Iterator

from common.errors import RefusedError
from common.mail import imap
from common.mail.server import MailServer
from home.inbox.mail import open_mail, read_headers
from home.inbox.mailbox import Attachment, Headers
from home.inbox.settings import ImapSettings

_PREFIX = "imap-"  # the list of refused mails holds names of other mailboxes too


class ImapMailbox:
    """An open mailbox; made by `open_imap`.

    A mail's name is the folder's UIDVALIDITY and the mail's UID, which no other mail ever has.

    Args:
        session: signed in, with the folder selected.
        server: for sentences.
        settings: names of the folders.
        most_bytes: a larger mail is refused unread.
    """

    def __init__(
        self, session: imaplib.IMAP4, server: MailServer, settings: ImapSettings, most_bytes: int
    ) -> None:
        self._session = session
        self._server = server
        self._settings = settings
        self._most = most_bytes
        _kind, validity = session.response("UIDVALIDITY")
        self._validity = validity[0].decode("ascii") if validity and validity[0] else "0"
        for folder in (settings.read_folder, settings.refused_folder):
            session.create(imap.quoted(folder))  # "it exists" is a NO, and all is well

    def names(self) -> list[str]:
        """What waits, in the order of its arrival."""
        found = imap.uids(self._session, self._server, "UNDELETED")
        return [f"{_PREFIX}{self._validity}-{uid}" for uid in found]

    def open(self, name: str) -> Attachment:
        """The bundle in a mail."""
        uid = _uid(name)
        with imap.told(self._server):
            size = imap.size(self._session, self._server, uid)
            if size is not None and size > self._most:
                raise RefusedError("oversized", f"The mail is larger than {self._most} bytes.")
            data = imap.body(self._session, self._server, uid)
        if data is None:
            raise FileNotFoundError(f"{name} is gone from the mailbox")
        return open_mail(data)

    def headers(self, name: str) -> Headers:
        """Who sent it."""
        with imap.told(self._server):
            data = imap.body(self._session, self._server, _uid(name), "HEADER")
        return read_headers(data) if data else Headers()

    def accept(self, name: str) -> None:
        """Into the folder of read ones, flagged as read."""
        uid = _uid(name)
        with imap.told(self._server):
            imap.ok(self._session.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)"), self._server)
            self._move(uid, self._settings.read_folder)

    def refuse(self, name: str) -> None:
        """Into the folder of refused ones."""
        with imap.told(self._server):
            self._move(_uid(name), self._settings.refused_folder)

    def forget(self, name: str) -> None:
        """Remove the oldest refused mail: they lie there in the order of their refusal."""
        if not name.startswith(_PREFIX):
            return
        with contextlib.suppress(imaplib.IMAP4.error, OSError), self._in_refused():
            for uid in imap.uids(self._session, self._server, "UNDELETED")[:1]:
                imap.remove(self._session, self._server, uid)

    def retry_refused(self) -> int:
        """Put all refused mails back; answers how many."""
        with self._in_refused():
            found = imap.uids(self._session, self._server, "UNDELETED")
            for uid in found:
                self._move(uid, self._settings.folder)
        return len(found)

    @contextlib.contextmanager
    def _in_refused(self) -> Iterator[None]:
        settings = self._settings
        imap.ok(self._session.select(imap.quoted(settings.refused_folder)), self._server)
        try:
            yield
        finally:
            imap.ok(self._session.select(imap.quoted(settings.folder)), self._server)

    def _move(self, uid: str, folder: str) -> None:
        # A server without MOVE copies, then deletes: cut between the two, the mail is read again.
        if "MOVE" in self._session.capabilities:
            imap.ok(self._session.uid("MOVE", uid, imap.quoted(folder)), self._server)
            return
        imap.ok(self._session.uid("COPY", uid, imap.quoted(folder)), self._server)
        imap.remove(self._session, self._server, uid)


@contextlib.contextmanager
def open_imap(server: MailServer, settings: ImapSettings, most_bytes: int) -> Iterator[ImapMailbox]:
    """The mailbox for one round of reading. Raises as `common.mail.imap.session` does."""
    with imap.session(server, settings.folder) as session:
        yield ImapMailbox(session, server, settings, most_bytes)


def server_of(settings: ImapSettings) -> MailServer:
    """The server that the settings name."""
    usual = 993 if settings.security == "tls" else 143
    return settings.server("home.imap", usual_port=usual)


def _uid(name: str) -> str:
    return name.rpartition("-")[2]
