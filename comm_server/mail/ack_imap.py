"""Acknowledgements in a mailbox, by IMAP."""

from __future__ import annotations

from dataclasses import dataclass

from comm_server.mail.ack_source import Keep, read_statement
from comm_server.site import Site
from common.errors import RefusedError, RemoteError
from common.logs import get_logger
from common.mail import imap
from common.mail.server import MailServer
from common.wire.acknowledgement import HEADER, MOST_BYTES, in_mail

log = get_logger(__name__)
_MOST_MAILS = 50  # each names the last 200 bundles, so the newest few say everything


@dataclass(frozen=True)
class ImapSource:
    """A folder of a mailbox; see `comm_server.mail.ack_source`.

    Attributes:
        after: ``delete`` removes a mail that was read, ``mark`` flags it as read and leaves it;
            then mails that a person has opened are left alone.
    """

    site: Site
    server: MailServer
    folder: str = "INBOX"
    after: str = "delete"

    def hear(self, keep: Keep) -> list[int]:
        """Read our mails, the newest first."""
        news: list[int] = []
        unread = ("UNSEEN",) if self.after == "mark" else ()
        with imap.session(self.server, self.folder) as session:
            criteria = ("UNDELETED", *unread, "HEADER", HEADER, self.site.site)
            for uid in reversed(imap.uids(session, self.server, *criteria)[-_MOST_MAILS:]):
                size = imap.size(session, self.server, uid)
                if size is None or size > 2 * MOST_BYTES:
                    continue
                mail = imap.body(session, self.server, uid) or b""
                try:
                    found = read_statement(in_mail(mail) or b"", self.site, self.server.where)
                except (RefusedError, RemoteError) as error:
                    log.warning("acknowledgement.refused", uid=uid, reason=str(error))
                    continue
                news += keep(found)
                if self.after == "delete":
                    imap.remove(session, self.server, uid)
                else:
                    imap.ok(session.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)"), self.server)
        return news
