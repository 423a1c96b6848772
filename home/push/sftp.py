"""One upload-only inbox over SFTP: goes on where it broke off, and believes one host key."""

from __future__ import annotations

import contextlib
import posixpath
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import paramiko

from common.errors import NetworkError, OperatorError, RemoteError
from home.push.contents import Item
from home.settings import PushSettings

Progress = Callable[[int, int], None]
_CHUNK = 32 * 1024  # what every SFTP server takes in one request
_PART = ".part"


@dataclass(frozen=True)
class Place:
    """Where a site takes pushes.

    Attributes:
        host: name or address.
        port: of its SSH server.
        user: who may upload there, and nothing else.
        host_key: the line of the server's ``ssh_host_…_key.pub``, the only one believed.
        folder: of the inbox, as that user sees it.
    """

    host: str
    port: int
    user: str
    host_key: str
    folder: str


class Inbox:
    """An open connection to one inbox; a context manager.

    Raises, from every method: NetworkError when it broke off (the next push goes on from there),
    RemoteError when the other side is not the one that was pinned, or does not take the file.
    """

    def __init__(self, place: Place, key: Path, limits: PushSettings) -> None:
        self._place = place
        self._limits = limits
        self._made: set[str] = set()
        self._transport = self._connect(key)
        try:
            with self._in_words("open the inbox"):
                opened = paramiko.SFTPClient.from_transport(self._transport)
            assert opened is not None  # noqa: S101 - for mypy; it raises when it cannot
            self._sftp = opened
            channel = self._sftp.get_channel()
            if channel is not None:
                channel.settimeout(limits.idle)
        except BaseException:
            self._transport.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._transport.close()

    def put(self, item: Item, progress: Progress) -> int:
        """Bring ``item`` there whole; answers the bytes that were sent.

        It grows as ``NAME.part`` and is renamed when all of it is there: one that is there under
        its own name is whole, and is not sent again.
        """
        with self._in_words(f"send {item.path}"):
            place = posixpath.join(self._place.folder, item.path)
            if not item.replaces and self._size(place) == item.size:
                progress(item.size, item.size)
                return 0
            self._make_folders(posixpath.dirname(place))
            sent = self._fill(item, place + _PART, progress)
            arrived = self._size(place + _PART)
            if arrived != item.size:
                raise RemoteError(
                    f"{self._place.host} has {arrived} of {item.size} bytes of {item.path} after "
                    "all were sent: someone else writes there too. Push again."
                )
            self._sftp.posix_rename(place + _PART, place)
        return sent

    def _fill(self, item: Item, part: str, progress: Progress) -> int:
        there = self._size(part) or 0
        if item.replaces or there > item.size:
            there = 0  # of another state: it is written anew
        sent = 0
        with item.open() as source, self._sftp.open(part, "ab" if there else "wb") as target:
            target.set_pipelined()
            source.seek(there)
            progress(there, item.size)
            while chunk := source.read(_CHUNK):
                target.write(chunk)
                sent += len(chunk)
                progress(there + sent, item.size)
        return sent

    def _size(self, path: str) -> int | None:
        try:
            found = self._sftp.stat(path)
        except FileNotFoundError:
            return None
        regular = found.st_mode is None or stat.S_ISREG(found.st_mode)
        return found.st_size if regular else None

    def _make_folders(self, folder: str) -> None:
        if folder in self._made or folder == posixpath.normpath(self._place.folder):
            return
        self._make_folders(posixpath.dirname(folder))
        try:
            self._sftp.stat(folder)
        except FileNotFoundError:
            self._sftp.mkdir(folder)
        self._made.add(folder)

    def _connect(self, key: Path) -> paramiko.Transport:
        place, limits = self._place, self._limits
        believed = read_host_key(place.host_key)
        private = _read_key(key)
        with self._in_words("sign in"):
            connection = socket.create_connection((place.host, place.port), limits.connect)
            try:
                transport = paramiko.Transport(connection)
            except BaseException:
                connection.close()
                raise
            try:
                transport.banner_timeout = transport.handshake_timeout = limits.connect
                transport.auth_timeout = limits.connect
                options = transport.get_security_options()
                # The server has several keys; it shall show the one that is pinned.
                options.key_types = tuple(t for t in options.key_types if _fits(t, believed))
                transport.start_client(timeout=limits.connect)
                shown = transport.get_remote_server_key()
                if shown != believed:
                    raise RemoteError(
                        f"{place.host}:{place.port} shows another host key than the one that was "
                        "pinned: it is not that site's server, or it was set up anew. Ask the "
                        "site, then give its key to `callstead home site inbox`."
                    )
                transport.auth_publickey(place.user, private)
            except BaseException:
                transport.close()
                raise
            return transport

    @contextlib.contextmanager
    def _in_words(self, what: str) -> Iterator[None]:
        where = f"{self._place.host}:{self._place.port}"
        try:
            yield
        except paramiko.AuthenticationException as error:
            raise RemoteError(
                f"{where} does not let {self._place.user} in with the vendor's push key. The "
                "site must add it: `callstead home site inbox` prints it."
            ) from error
        except PermissionError as error:
            raise RemoteError(
                f"{where} forbids to {what}. Let the site set its inbox up as docs/push.md says."
            ) from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            why = "it took too long" if isinstance(error, TimeoutError) else str(error)
            raise NetworkError(
                f"{where}: could not {what} ({why or type(error).__name__}). Push again later; it "
                "goes on from there."
            ) from error


def read_host_key(line: str) -> paramiko.PKey:
    """The key in a line of ``ssh_host_…_key.pub`` or of ``known_hosts``. Raises OperatorError."""
    words = line.split()
    try:
        at = next(i for i, word in enumerate(words) if word.startswith(("ssh-", "ecdsa-")))
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"host {words[at]} {words[at + 1]}")
    except (StopIteration, IndexError, paramiko.SSHException) as error:
        raise OperatorError(_NO_HOST_KEY) from error
    if entry is None or entry.key is None:
        raise OperatorError(_NO_HOST_KEY)
    return entry.key


_NO_HOST_KEY = (
    "That is no SSH host key. It is a line like `ssh-ed25519 AAAA…`, from the site's "
    "/etc/ssh/ssh_host_ed25519_key.pub."
)


def _fits(offered: str, believed: paramiko.PKey) -> bool:
    name = believed.get_name()
    return offered.startswith("rsa-sha2-") if name == "ssh-rsa" else offered == name


def _read_key(path: Path) -> paramiko.PKey:
    try:
        return paramiko.Ed25519Key.from_private_key_file(str(path))
    except (OSError, paramiko.SSHException) as error:
        raise OperatorError(
            f"The push key {path} cannot be read ({error}). `callstead home site inbox` makes it."
        ) from error
