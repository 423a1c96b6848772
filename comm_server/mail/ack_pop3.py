"""Acknowledgements in a mailbox, by POP3; what was read is deleted, for POP3 can mark nothing."""

from __future__ import annotations

import contextlib
import poplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from comm_server.mail.ack_source import Keep, read_statement
from comm_server.site import Site
from common.errors import NetworkError, OperatorError, RefusedError, RemoteError
from common.logs import get_logger
from common.mail.server import MailServer
from common.wire.acknowledgement import HEADER, MOST_BYTES, in_mail

log = get_logger(__name__)
_MOST_MAILS = 200  # looked at by their headers, the newest first


@dataclass(frozen=True)
class Pop3Source:
    """A mailbox; see `comm_server.mail.ack_source`. A cut before the end deletes nothing."""

    site: Site
    server: MailServer

    def hear(self, keep: Keep) -> list[int]:
        """Read our mails, the newest first."""
        news: list[int] = []
        mine = f"{HEADER}: {self.site.site}".casefold().encode()
        with self._session() as session:
            _answer, listing, _size = session.list()
            for line in reversed(listing[-_MOST_MAILS:]):
                number, size = (int(word) for word in line.split()[:2])
                headers = session.top(number, 0)[1]
                if size > 2 * MOST_BYTES or not any(h.strip().lower() == mine for h in headers):
                    continue
                mail = b"\r\n".join(session.retr(number)[1])
                try:
                    found = read_statement(in_mail(mail) or b"", self.site, self.server.where)
                except (RefusedError, RemoteError) as error:
                    log.warning("acknowledgement.refused", mail=number, reason=str(error))
                    continue
                news += keep(found)
                session.dele(number)
        return news

    @contextlib.contextmanager
    def _session(self) -> Iterator[poplib.POP3]:
        server = self.server
        try:
            session = self._connect()
            try:
                try:
                    session.user(server.user)
                    session.pass_(server.password())
                except poplib.error_proto as error:
                    raise OperatorError(
                        f"{server.where} did not let {server.user!r} in: {error}. Correct "
                        f"{server.setting}.user and {server.setting}.password_file."
                    ) from error
                yield session
                session.quit()  # only this deletes
            finally:
                session.close()
        except ssl.SSLCertVerificationError as error:
            raise server.untrusted(error) from error
        except poplib.error_proto as error:
            raise RemoteError(f"{server.where} answered what is not understood: {error}") from error
        except OSError as error:
            raise NetworkError(f"{server.where} was not reached: {error}") from error

    def _connect(self) -> poplib.POP3:
        server, context = self.server, self.server.context()
        if server.security == "tls":
            return poplib.POP3_SSL(
                server.host, server.port, timeout=server.timeout, context=context
            )
        session = poplib.POP3(server.host, server.port, timeout=server.timeout)
        if server.security == "starttls":
            try:
                session.stls(context)
            except BaseException:
                with contextlib.suppress(OSError):  # TLS that failed has closed it already
                    session.close()
                raise
        return session
