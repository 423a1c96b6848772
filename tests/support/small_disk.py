"""A small disk of its own for a folder, that a test fills and empties."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

MIB = 2**20


class SmallDisk:
    """A tmpfs at ``folder``.

    Attributes:
        folder: where it is mounted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "somebody-elses-file"

    @property
    def free(self) -> int:
        """Bytes."""
        return shutil.disk_usage(self.folder).free

    def fill(self, leave: int = 0) -> None:
        """Somebody else's file grows until ``leave`` bytes are free."""
        with self._filler.open("ab", buffering=0) as file:
            block = bytes(64 * 1024)
            while self.free > leave + len(block):
                file.write(block)
            with contextlib.suppress(OSError):
                while leave == 0 and file.write(bytes(4096)) == 4096:
                    pass

    def empty(self) -> None:
        """Somebody else's file is deleted."""
        self._filler.unlink()


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[SmallDisk]:
    """A disk of ``size`` bytes at ``folder``; needs root, as the build server has it."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "callstead-test", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"mounting a small disk needs root: {done.stderr}"
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], timeout=30, check=True)
