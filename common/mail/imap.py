"""IMAP in: STARTTLS or TLS, sign-in, every step with a time-out, errors in our families."""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator
from typing import Any

from common.errors import NetworkError, OperatorError, RemoteError
from common.mail.server import MailServer

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


@contextlib.contextmanager
def session(server: MailServer, folder: str) -> Iterator[imaplib.IMAP4]:
    """A signed-in connection with ``folder`` selected; logged out at the end.

    Raises:
        NetworkError: not reached, or cut. OperatorError: sign-in, certificate, folder.
        RemoteError: an answer that is none.
    """
    with told(server):
        connection = _connect(server)
        try:
            _sign_in(connection, server)
            ok(connection.select(quoted(folder)), server, missing=folder)
            yield connection
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                connection.logout()
        finally:
            with contextlib.suppress(OSError):
                connection.shutdown()


@contextlib.contextmanager
def told(server: MailServer) -> Iterator[None]:
    """What imaplib raises, in our families."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise server.untrusted(error) from error
    except imaplib.IMAP4.abort as error:
        raise NetworkError(f"The line to {server.where} was cut: {error}") from error
    except imaplib.IMAP4.error as error:
        raise RemoteError(f"{server.where} answered what is not understood: {error}") from error
    except OSError as error:
        raise NetworkError(f"{server.where} was not reached: {error}") from error


def ok(answer: tuple[str, Any], server: MailServer, missing: str = "") -> list[Any]:
    """The data of an ``OK``. Raises RemoteError, or OperatorError for a ``missing`` folder."""
    kind, data = answer
    if kind == "OK":
        return data or [b""]
    words = b" ".join(part for part in data if isinstance(part, bytes)).decode("utf-8", "replace")
    if missing:
        raise OperatorError(
            f"{server.where} has no folder {missing!r} to open ({words}). "
            f"Correct {server.setting}.folder."
        )
    raise RemoteError(f"{server.where} refused: {words}")


def uids(connection: imaplib.IMAP4, server: MailServer, *criteria: str) -> list[str]:
    """The mails that fit, oldest first."""
    data = ok(connection.uid("SEARCH", *criteria), server)
    return data[0].decode("ascii").split() if isinstance(data[0], bytes) else []


def size(connection: imaplib.IMAP4, server: MailServer, uid: str) -> int | None:
    """Bytes of a mail; None when it is gone."""
    data = ok(connection.uid("FETCH", uid, "(RFC822.SIZE)"), server)
    found = _SIZE.search(b" ".join(part for part in data if isinstance(part, bytes)))
    return int(found[1]) if found else None


def body(connection: imaplib.IMAP4, server: MailServer, uid: str, part: str = "") -> bytes | None:
    """A mail, or its ``HEADER`` alone, without marking it as read; None when it is gone."""
    data = ok(connection.uid("FETCH", uid, f"(BODY.PEEK[{part}])"), server)
    return next((item[1] for item in data if isinstance(item, tuple)), None)


def remove(connection: imaplib.IMAP4, server: MailServer, uid: str) -> None:
    """Delete one mail. Without UIDPLUS it is only marked: EXPUNGE would take others' along."""
    ok(connection.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"), server)
    if "UIDPLUS" in connection.capabilities:
        ok(connection.uid("EXPUNGE", uid), server)


def quoted(folder: str) -> str:
    """A folder's name as an IMAP string."""
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _connect(server: MailServer) -> imaplib.IMAP4:
    context = server.context()
    if server.security == "tls":
        return imaplib.IMAP4_SSL(
            server.host, server.port, ssl_context=context, timeout=server.timeout
        )
    connection = imaplib.IMAP4(server.host, server.port, timeout=server.timeout)
    if server.security == "starttls":
        try:
            connection.starttls(context)
        except BaseException:
            with contextlib.suppress(OSError):  # TLS that failed has closed it already
                connection.shutdown()
            raise
    return connection


def _sign_in(connection: imaplib.IMAP4, server: MailServer) -> None:
    try:
        connection.login(server.user, server.password())
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise OperatorError(
            f"{server.where} did not let {server.user!r} in: {error}. "
            f"Correct {server.setting}.user and {server.setting}.password_file."
        ) from error
    connection.capabilities = tuple(  # they differ after the sign-in
        str(word) for word in _capabilities(connection)
    )


def _capabilities(connection: imaplib.IMAP4) -> list[str]:
    _kind, data = connection.capability()
    return data[0].decode("ascii", "replace").upper().split() if data and data[0] else []
