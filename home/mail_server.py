"""The home's SMTP server: takes mail for the inbox alone, and answers 250 after the fsync."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ssl
import threading
from email.utils import format_datetime
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from common.clock import Clock
from common.errors import OperatorError
from common.logs import get_logger
from home.inbox.maildir import Maildir
from home.inbox.settings import MailServerSettings

log = get_logger(__name__)


class _Handler:
    """Decides on recipients, and stores. aiosmtpd looks these methods up by name."""

    def __init__(self, maildir: Maildir, addresses: tuple[str, ...], clock: Clock) -> None:
        self._maildir = maildir
        self._addresses = {address.casefold() for address in addresses}
        self._clock = clock

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address.casefold() not in self._addresses:
            return "550 5.1.1 This server takes mail for its own inbox only"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)  # noqa: S101 - decode_data is off
        head = self._trace(session, envelope)
        try:
            # In a thread: an fsync takes as long as the disk likes.
            name = await asyncio.to_thread(self._maildir.deliver, head + content)
        except OSError as error:
            log.warning("mail.not_stored", error=str(error))
            return "451 4.3.0 The mail cannot be stored now, send it again later"
        log.info("mail.stored", mail=name, bytes=len(content), peer=_peer(session))
        return f"250 2.0.0 Stored as {name}"

    def _trace(self, session: Session, envelope: Envelope) -> bytes:
        """The lines that the last server of a way adds (RFC 5321, 4.4)."""
        sender = (envelope.mail_from or "").replace("\r", "").replace("\n", "")
        tls = "ESMTPS" if session.ssl else "ESMTP"
        date = format_datetime(self._clock.now())
        text = (
            f"Return-Path: <{sender}>\r\n"
            f"Received: from [{_peer(session)}] by callstead home with {tls}; {date}\r\n"
        )
        return text.encode("ascii", "replace")


def _peer(session: Session) -> str:
    return str(session.peer[0]) if session.peer else "unknown"


class _Smtp(SMTP):
    """Counts the connections of its server, so that a crowd cannot eat the memory."""

    def __init__(self, *args: Any, peers: set[SMTP], most: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self._peers = peers
        self._most = most

    def connection_made(self, transport: Any) -> None:
        """Called again for the same connection after STARTTLS."""
        super().connection_made(transport)
        self._peers.add(self)
        if len(self._peers) > self._most:
            transport.write(b"421 4.3.2 Too many connections, come back later\r\n")
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Free the place."""
        self._peers.discard(self)
        super().connection_lost(error)


class MailServer:
    """SMTP in a thread of its own.

    Args:
        settings: ``home.mail``.
        maildir: where accepted mails go.
        tls: the home's certificate, offered by STARTTLS.
        clock: for the trace line.
    """

    def __init__(
        self, settings: MailServerSettings, maildir: Maildir, tls: ssl.SSLContext, clock: Clock
    ) -> None:
        self._settings = settings
        self._handler = _Handler(maildir, settings.addresses, clock)
        self._tls = tls
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._server: asyncio.Server | None = None
        self._peers: set[SMTP] = set()

    def start(self) -> int:
        """Listen; answers the port. Raises OperatorError when it is taken."""
        settings = self._settings
        self._loop = loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name="smtp", daemon=True)
        self._thread.start()
        listen = loop.create_server(self._protocol, settings.host, settings.port)
        try:
            self._server = asyncio.run_coroutine_threadsafe(listen, loop).result(30)
        except OSError as error:
            self.stop()
            taken = "is in use" if error.errno == errno.EADDRINUSE else f"({error.strerror})"
            raise OperatorError(
                f"The mail server cannot listen on {settings.host}:{settings.port}: the port "
                f"{taken}. Stop the other program, or change home.mail.port."
            ) from error
        port: int = self._server.sockets[0].getsockname()[1]
        log.info("smtp.listening", host=settings.host, port=port)
        return port

    def stop(self) -> None:
        """Close every connection; a mail without its 250 yet will be sent again.

        Harmless when it never started, or has stopped.
        """
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._close(loop), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
        self._loop = self._thread = self._server = None

    async def _close(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        for task in others:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        await loop.shutdown_default_executor()

    def _protocol(self) -> SMTP:
        settings = self._settings
        return _Smtp(
            self._handler,
            peers=self._peers,
            most=settings.most_connections,
            data_size_limit=settings.most_bytes,
            enable_SMTPUTF8=True,
            hostname=settings.public_host,
            ident="Callstead home",
            tls_context=self._tls,
            require_starttls=settings.require_tls,
            timeout=settings.timeout,
            loop=self._loop,
        )
