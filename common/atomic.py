"""Files that are there whole or not at all, and stay after a power cut."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

# Windows flushes only what is open for writing, and opens nothing read-only for that.
_FLUSHES_WHAT_IS_READ = os.name != "nt"


def fsync_folder(folder: Path) -> None:
    """Make renames and creations in ``folder`` durable."""
    if os.name == "nt":  # Windows cannot open a folder for fsync; NTFS journals renames itself
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace ``path`` by ``data``: temp file, fsync, rename, fsync of the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode) if hasattr(os, "fchmod") else None
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def write_secret(path: Path, data: bytes) -> None:
    """Like `write_bytes`, readable by the owner alone."""
    write_bytes(path, data, mode=0o600)


def write_json(path: Path, value: Any, mode: int = 0o644) -> None:
    """`write_bytes` of ``value`` as indented JSON."""
    write_bytes(path, json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n", mode)


def fsync_tree(folder: Path, *, linked: bool = True) -> None:
    """Make every file and folder below ``folder`` durable, deepest first.

    Args:
        folder: of the tree.
        linked: also files with another name elsewhere, where they were made durable before.
    """
    for base, _folders, files in os.walk(folder, topdown=False):
        for name in files:
            path = os.path.join(base, name)  # noqa: PTH118 - thousands of files; Path is slow
            if not linked and os.lstat(path).st_nlink > 1:
                continue
            _flush(path)
        fsync_folder(Path(base))
    fsync_folder(folder.parent)


def _flush(path: str) -> None:
    if not _FLUSHES_WHAT_IS_READ:
        mode = os.stat(path).st_mode  # noqa: PTH116 - as above
        os.chmod(path, mode | stat.S_IWRITE)  # noqa: PTH101
    descriptor = os.open(path, os.O_RDONLY if _FLUSHES_WHAT_IS_READ else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if not _FLUSHES_WHAT_IS_READ:
        os.chmod(path, mode)  # noqa: PTH101


def sweep_parts(folder: Path) -> None:
    """Remove what a killed `write_bytes` left behind in ``folder``."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)
