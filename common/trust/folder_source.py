"""A repository in a folder: a USB stick, or what was pushed by SFTP."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tuf.api.exceptions import DownloadError, DownloadHTTPError

from common.trust.source import CHUNK, ForbiddenPathError, Source, parts_of

_BY_STEPS = os.open in os.supports_dir_fd


class FolderSource(Source):
    """The folder that holds ``metadata/`` and ``targets/``.

    Others write into it while it is read: each step of a path is opened relative to the one
    before and no symbolic link is followed, so that nothing outside the folder is ever opened.
    Windows cannot do that; there each step is looked at before the file is opened, and whoever
    swaps a folder for a link in between is met by the signatures alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._folder)

    def open(self, path: str, offset: int = 0) -> Iterator[bytes]:
        """See `Source.open`."""
        return self._read(self._descend(path) if _BY_STEPS else self._look_first(path), offset)

    def _look_first(self, path: str) -> int:
        place = self._folder
        if not place.is_dir():
            raise DownloadError("the folder cannot be opened")
        try:
            for name in parts_of(path):
                place /= name
                found = place.lstat()
                if _leads_on(found):
                    raise ForbiddenPathError(f"{path} is behind a link ({name})")
            if not stat.S_ISREG(found.st_mode):
                raise ForbiddenPathError(f"{path} is not a plain file")
            return os.open(place, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            raise DownloadHTTPError(f"there is no {path}", 404) from None
        except OSError as error:
            raise DownloadError(f"{path} cannot be read ({error.strerror})") from error

    def _descend(self, path: str) -> int:
        *folders, last = parts_of(path)
        try:
            base = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise DownloadError(f"the folder cannot be opened ({error.strerror})") from error
        try:
            for folder in folders:
                base, above = _step(folder, os.O_DIRECTORY, base, path), base
                os.close(above)
            # O_NONBLOCK: a pipe laid here must not make us wait for its writer.
            file = _step(last, os.O_NONBLOCK, base, path)
        finally:
            os.close(base)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise ForbiddenPathError(f"{path} is not a plain file")
        return file

    @staticmethod
    def _read(descriptor: int, offset: int) -> Iterator[bytes]:
        with os.fdopen(descriptor, "rb") as file:
            try:
                file.seek(offset)
                while chunk := file.read(CHUNK):
                    yield chunk
            except OSError as error:  # the stick was pulled
                raise DownloadError(f"reading broke off ({error.strerror})") from error


def _leads_on(found: os.stat_result) -> bool:
    """Whether it is a link, or a junction of Windows."""
    attributes = getattr(found, "st_file_attributes", 0)
    return stat.S_ISLNK(found.st_mode) or bool(attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT)


def _step(name: str, flags: int, base: int, path: str) -> int:
    try:
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | flags, dir_fd=base)
    except FileNotFoundError:
        raise DownloadHTTPError(f"there is no {path}", 404) from None
    except OSError as error:
        found = os.stat(name, dir_fd=base, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            raise ForbiddenPathError(f"{path} is behind a link ({name})") from None
        raise DownloadError(f"{path} cannot be read ({error.strerror})") from error
