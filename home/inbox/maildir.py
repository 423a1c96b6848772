"""A Maildir: one file a mail, in ``new`` until read, then ``cur``; refused ones in ``.refused``."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import time
from pathlib import Path

from common.atomic import fsync_folder
from common.errors import OperatorError, RefusedError
from home.inbox.mail import open_mail, read_headers
from home.inbox.mailbox import Attachment, Headers

_FOLDERS = ("tmp", "new", "cur")
_counter = itertools.count()


class Maildir:
    """The Maildir in ``folder``, made when missing.

    Args:
        folder: has ``tmp``, ``new``, ``cur`` and ``.refused`` with the same three.
        most_bytes: a larger file is refused unread.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self._refused = folder / ".refused"
        self._most = most_bytes
        try:
            for base in (folder, self._refused):
                for name in _FOLDERS:
                    (base / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise OperatorError(
                f"The Maildir {folder} cannot be made: {error.strerror}. "
                "Correct the rights of the folder, or move CALLSTEAD_HOME."
            ) from error

    def deliver(self, data: bytes) -> str:
        """Store a mail so that it survives a power cut; answers its name. Raises OSError."""
        name = _unique_name()
        temporary, final = self.folder / "tmp" / name, self.folder / "new" / name
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(final)
            fsync_folder(final.parent)
        except BaseException:
            # Not stored for certain: the sender hears a failure and sends again, so leave no copy.
            temporary.unlink(missing_ok=True)
            final.unlink(missing_ok=True)
            raise
        return name

    def names(self) -> list[str]:
        """What lies in ``new``, oldest first."""
        found: list[tuple[int, str]] = []
        try:
            for path in (self.folder / "new").iterdir():
                with contextlib.suppress(FileNotFoundError):  # another reader has put it away
                    found.append((path.stat().st_mtime_ns, path.name))
        except OSError as error:
            raise OperatorError(
                f"The Maildir {self.folder} cannot be read: {error.strerror}. "
                "Correct the rights of the folder."
            ) from error
        return [name for _time, name in sorted(found) if not name.startswith(".")]

    def open(self, name: str) -> Attachment:
        """The bundle in a mail."""
        return open_mail(self._read(name))

    def headers(self, name: str) -> Headers:
        """Who sent it."""
        try:
            return read_headers(self._read(name))
        except RefusedError:
            return Headers()

    def accept(self, name: str) -> None:
        """From ``new`` to ``cur``, flagged as seen."""
        self._move(name, self.folder / "cur" / f"{name.partition(':')[0]}:2,S")

    def refuse(self, name: str) -> None:
        """From ``new`` to ``.refused``."""
        self._move(name, self._refused / "new" / name)

    def forget(self, name: str) -> None:
        """Remove a refused mail for good."""
        (self._refused / "new" / name).unlink(missing_ok=True)

    def retry_refused(self) -> int:
        """Put all refused mails back into ``new``; answers how many."""
        names = [path.name for path in (self._refused / "new").iterdir()]
        for name in names:
            (self._refused / "new" / name).rename(self.folder / "new" / name)
        fsync_folder(self.folder / "new")
        return len(names)

    def newest(self) -> float | None:
        """When the last mail came, in seconds since 1970; None when there was none."""
        times = [p.stat().st_mtime for n in ("new", "cur") for p in (self.folder / n).iterdir()]
        return max(times, default=None)

    def _read(self, name: str) -> bytes:
        path = self.folder / "new" / name
        if path.stat().st_size > self._most:
            raise RefusedError("oversized", f"The mail is larger than {self._most} bytes.")
        return path.read_bytes()

    def _move(self, name: str, target: Path) -> None:
        source = self.folder / "new" / name
        try:
            source.rename(target)
        except FileNotFoundError:  # another reader has put it away
            return
        fsync_folder(target.parent)
        fsync_folder(source.parent)


def _unique_name() -> str:
    # The Maildir rules: time, then what is unique on this host, then the host.
    host = socket.gethostname().replace("/", "-").replace(":", "-")
    return f"{time.time_ns()}.P{os.getpid()}Q{next(_counter)}.{host}"
