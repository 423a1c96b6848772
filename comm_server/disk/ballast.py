"""A file that holds room on the disk until it is needed more badly."""

from __future__ import annotations

import os
from pathlib import Path


def held(path: Path) -> int:
    """Bytes that the ballast really holds; a file with holes holds none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0
    return min(found.st_size, found.st_blocks * 512)


def take(path: Path, size: int) -> None:
    """Hold ``size`` bytes, with blocks behind each; 0 removes the file.

    Raises OSError: there is no room; then nothing is held.
    """
    if size <= 0:
        path.unlink(missing_ok=True)
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(descriptor, min(size, os.fstat(descriptor).st_size))
        os.posix_fallocate(descriptor, 0, size)
        os.fsync(descriptor)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def give_back(path: Path) -> int:
    """Free what it holds; answers how much that was. Needs no room itself."""
    size = held(path)
    path.unlink(missing_ok=True)
    return size
