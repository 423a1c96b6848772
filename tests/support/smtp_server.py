"""A scripted SMTP server: says what it is told to say, hangs up where it is told to."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from common.serving.tls import TlsIdentity


@dataclass
class Script:
    """What the server does.

    Attributes:
        answers: by command (``EHLO``, ``MAIL``, ``RCPT``, ``DATA``, ``.``, ``QUIT``, ``AUTH``,
            ``STARTTLS``, ``hello``): the line to say instead of the usual; ``drop`` hangs up,
            ``silence`` says nothing.
        features: what EHLO offers.
        identity: for STARTTLS and TLS.
        tls: speak TLS from the first byte.
    """

    answers: dict[str, str] = field(default_factory=dict)
    features: tuple[str, ...] = ("SIZE 10000000", "8BITMIME", "STARTTLS")
    identity: TlsIdentity | None = None
    tls: bool = False


class SmtpServer:
    """One conversation at a time; ``mails`` are those that were taken with a 250."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.mails: list[bytes] = []
        self.commands: list[str] = []
        self._listener = socket.create_server(
            ("0.0.0.0", 0)
        )  # 127.0.0.2 too, a name in no certificate
        self.port: int = self._listener.getsockname()[1]
        self._open: socket.socket | None = None
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="smtp")
        self._thread.start()

    def close(self) -> None:
        """Stop and join."""
        self._leave.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._open is not None:
            with contextlib.suppress(OSError):
                self._open.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while not self._leave.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open = connection
            with contextlib.suppress(OSError, ConnectionError), contextlib.closing(connection):
                self._converse(connection)
            self._open = None

    def _context(self) -> ssl.SSLContext:
        assert self.script.identity is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.script.identity.certificate, self.script.identity.key)
        return context

    def _converse(self, connection: socket.socket) -> None:
        if self.script.tls:
            connection = self._context().wrap_socket(connection, server_side=True)
        with contextlib.closing(connection):
            lines = _lines(connection)
            self._say(connection, "hello", "220 ready")
            for line in lines:
                word = line.split(b" ")[0].strip().decode().upper()
                self.commands.append(word)
                if word == "EHLO":
                    text = "".join(f"250-{feature}\r\n" for feature in self.script.features)
                    self._say(connection, word, f"250-localhost\r\n{text}250 HELP")
                elif word == "STARTTLS":
                    self._say(connection, word, "220 go ahead")
                    connection = self._context().wrap_socket(connection, server_side=True)
                    lines = _lines(connection)
                    self._after_tls(connection, lines)
                    return
                elif not self._step(connection, word, lines):
                    return

    def _after_tls(self, connection: socket.socket, lines: Iterator[bytes]) -> None:
        with contextlib.closing(connection):
            for line in lines:
                word = line.split(b" ")[0].strip().decode().upper()
                self.commands.append(word)
                if word == "EHLO":
                    text = "".join(f"250-{feature}\r\n" for feature in self.script.features)
                    self._say(connection, word, f"250-localhost\r\n{text}250 HELP")
                elif not self._step(connection, word, lines):
                    return

    def _step(self, connection: socket.socket, word: str, lines: Iterator[bytes]) -> bool:
        usual = {"DATA": "354 go on", "QUIT": "221 bye", "AUTH": "235 welcome"}
        said = self._say(connection, word, usual.get(word, "250 ok"))
        if word == "DATA" and said.startswith("354"):
            body = b""
            for line in lines:
                if line == b".\r\n":
                    break
                body += line[1:] if line.startswith(b".") else line
            else:
                return False
            if self._say(connection, ".", "250 taken").startswith("250"):
                self.mails.append(body)
        return word != "QUIT"

    def _say(self, connection: socket.socket, word: str, usual: str) -> str:
        text = self.script.answers.get(word, usual)
        if text == "drop":
            raise ConnectionError
        if text == "silence":
            self._leave.wait(30)
            raise ConnectionError
        connection.sendall(text.encode() + b"\r\n")
        return text


def _lines(connection: socket.socket) -> Iterator[bytes]:
    with connection.makefile("rb") as file:
        yield from file


@contextlib.contextmanager
def smtp_server(identity: TlsIdentity | None = None, **script: object) -> Iterator[SmtpServer]:
    """A running `SmtpServer`."""
    server = SmtpServer(Script(identity=identity, **script))  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.close()


def write_password(folder: Path, text: str = "s3cret") -> str:
    """A password file."""
    path = folder / "relay-password"
    path.write_text(text, encoding="utf-8")
    return str(path)
