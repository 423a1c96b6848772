"""The files below ``publication/targets``; each carries its hash in its name and never changes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tuf.api.metadata import TargetFile

from common.atomic import fsync_folder, write_bytes
from common.errors import OperatorError


class TargetFiles:
    """Lays out targets under the names by which readers ask for them.

    Args:
        folder: ``publication/targets``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, entry: TargetFile) -> bytes:
        """The bytes of a small target. Raises OperatorError."""
        try:
            return self.path(entry).read_bytes()
        except OSError as error:
            raise OperatorError(
                f"{self.path(entry)} cannot be read ({error.strerror}). "
                "Restore the home from its backup."
            ) from error

    def write(self, entry: TargetFile, data: bytes) -> None:
        """Lay out ``data``."""
        write_bytes(self.path(entry), data)
        self._make_folders_durable(entry)

    def copy(self, entry: TargetFile, source: Path) -> None:
        """Lay out a large file, unless it is there. Raises OperatorError."""
        path = self.path(entry)
        if path.exists() and path.stat().st_size == entry.length:
            return
        part = path.with_name(f".{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with source.open("rb") as read, part.open("wb") as write:
                shutil.copyfileobj(read, write)
                write.flush()
                os.fsync(write.fileno())
            part.replace(path)
            self._make_folders_durable(entry)
        except OSError as error:
            raise OperatorError(f"{path} cannot be written ({error.strerror}).") from error

    def path(self, entry: TargetFile) -> Path:
        """Where the target lies."""
        folder, _, name = entry.path.rpartition("/")
        return self._folder / folder / f"{entry.hashes['sha256']}.{name}"

    def _make_folders_durable(self, entry: TargetFile) -> None:
        folder = self.path(entry).parent
        while folder != self._folder.parent:
            fsync_folder(folder)
            folder = folder.parent
