"""The files by which launcher and updater meet. Their list is in ``__init__.py``."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from updater.launcher.rules import Pointer
from updater.platform import here

TAIL_LINES = 40


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in ``path``; None when there is none or it is broken."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def write_json(path: Path, value: dict[str, Any], *, durable: bool = True) -> None:
    """Replace ``path`` as a whole: temp file, fsync, rename, fsync of the folder."""
    part = path.with_name(f".{path.name}.launcher.part")
    with part.open("wb") as file:
        file.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")
        file.flush()
        if durable:
            os.fsync(file.fileno())
    part.replace(path)
    if durable:
        here.fsync_folder(path.parent)


def read_pointer(folder: Path) -> Pointer | None:
    """What ``current.json`` says; None when there is none or it is broken."""
    value = read_json(folder / "current.json") or {}
    try:
        return Pointer(
            int(value["generation"]),
            value["slot"],
            value["previous"],
            value["trial"] is True,
            value.get("snapshot"),
            value.get("closed") is True,
            value.get("restore"),
        )
    except (KeyError, TypeError, ValueError):
        return None


@contextlib.contextmanager
def pointer_lock(folder: Path) -> Iterator[None]:
    """Held by whoever replaces ``current.json``, so that commit and fall-back never cross."""
    with (folder / "current.lock").open("ab") as file:
        here.lock(file, wait=True)
        yield


def cap_log(log: Path, most: int) -> None:
    """Move ``log`` to one older part when it is longer than ``most`` bytes.

    The program keeps the file open for appending, hence copy and cut instead of a rename.
    """
    if log.exists() and log.stat().st_size > most:
        shutil.copyfile(log, log.with_name(log.name + ".1"))
        os.truncate(log, 0)


def tail(log: Path, first_line: str) -> list[str]:
    """The last `TAIL_LINES` lines of ``log``, none from before the last ``first_line``."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 64_000))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    for index in range(len(lines) - 1, -1, -1):
        if first_line in lines[index]:
            lines = lines[index:]
            break
    return lines[-TAIL_LINES:]


def stamp() -> str:
    """Now, as it stands in every file."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
