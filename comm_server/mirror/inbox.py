"""The inbox for pushes: what the vendor uploads there goes through the same gate as the rest.

A push is laid out like the publication, and its ``metadata/timestamp.json`` is renamed into place
last. Until then nothing is looked at; then all of it is offered to the mirror, and what the mirror
has taken, or refused, leaves the inbox. A kill anywhere leaves it to be offered again, which
changes nothing. What was begun and never finished is let go after some days.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from comm_server.mirror.answers import Accepted, Refused
from comm_server.mirror.gate import Mirror
from common.clock import Clock
from common.errors import OperatorError
from common.logs import get_logger
from common.trust import FolderSource

log = get_logger(__name__)
_LAST = "metadata/timestamp.json"
_MOST_FILES = 100_000
_DAY = 86400.0


@dataclass(frozen=True)
class _Seen:
    """A file as it was found; another one in its place is another push's."""

    path: Path
    number: int
    touched: int  # by the kernel: nobody can set it back
    written: int
    size: int

    @property
    def is_there(self) -> bool:
        """Whether it still is what was found."""
        return _seen(self.path, plain=False) == self


class PushInbox:
    """The folder that the vendor may upload into, and nobody reads but this program.

    Args:
        folder: of the inbox; it need not exist.
        mirror: the gate.
        clock: tells what was left behind long ago.
        keep: days until an unfinished push is let go.
        most: bytes that may lie here; above them all of it is let go, and the log tells.
    """

    def __init__(
        self, folder: Path, mirror: Mirror, clock: Clock, *, keep: float, most: int
    ) -> None:
        self._folder = folder
        self._mirror = mirror
        self._clock = clock
        self._keep = keep
        self._most = most

    def look(self) -> Accepted | Refused | None:
        """Take what was pushed, if a push is complete; None when there is none.

        Raises OperatorError: the disk is full, or the inbox cannot be emptied.
        """
        last = _seen(self._folder / _LAST)
        if last is None:
            self._let_go()
            return None
        # A push that begins meanwhile has its own files; this one's are those that are there now.
        there = [last, *self._files()]
        answer = self._mirror.offer(FolderSource(self._folder), "push")
        refused = isinstance(answer, Refused)
        for file in there:
            done = refused or self._is_live(file.path)
            if done and file.path.suffix != ".part" and file.is_there:
                self._remove(file.path)
        log.info("inbox.taken" if not refused else "inbox.refused")
        return answer

    def _is_live(self, path: Path) -> bool:
        """Whether the mirror has it; metadata is small, and has no further use once looked at."""
        below = path.relative_to(self._folder)
        return below.parts[0] != "targets" or (self._mirror.live / below).is_file()

    def _let_go(self) -> None:
        files = list(self._files())
        before = (self._clock.now().timestamp() - self._keep * _DAY) * 1e9
        if sum(file.size for file in files) > self._most or len(files) > _MOST_FILES:
            log.warning("inbox.overfull", folder=str(self._folder), files=len(files))
            before = float("inf")
        for file in files:
            if file.written < before:
                self._remove(file.path)

    def _files(self) -> Iterator[_Seen]:
        for base, _folders, names in os.walk(self._folder):  # follows no links
            for name in names:
                if seen := _seen(Path(base, name), plain=False):
                    yield seen

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OperatorError(
                f"{path} cannot be removed ({error.strerror}). Let the folders of the inbox belong "
                "to the group of the communications server, as docs/push.md says."
            ) from error


def _seen(path: Path, *, plain: bool = True) -> _Seen | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    if plain and not stat.S_ISREG(found.st_mode):
        return None
    return _Seen(path, found.st_ino, found.st_ctime_ns, found.st_mtime_ns, found.st_size)
