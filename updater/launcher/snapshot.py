"""Snapshots of a program's data: taken when nothing runs, put back when nothing runs.

``snapshots/NAME/`` beside the slots: each database under its own path, what the release's hook
put into ``hook/``, and ``snapshot.json``, written last: without it there is no snapshot. Putting
back may be done again any number of times; its end is marked in ``current.json``, before the
program is started.

The release's manifest says what there is (its table ``data``): ``databases``, SQLite files below
the data folder, and ``hook``, a command of the slot for everything else, called with ``take`` or
``restore`` and a folder, in the program's environment; it must end with 0.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from updater.launcher.files import read_json, stamp, write_json
from updater.platform import here

_PAGES = 2000  # of a database between two looks whether to go on


class StoppedError(Exception):
    """The launcher was asked to leave; what was half done is done again."""


@dataclass(frozen=True)
class Source:
    """Whose data, by which rules.

    Attributes:
        folder: the program's folder.
        slot: the release whose manifest has the rules: the new one.
        data: the program's data.
        env: for the hook.
        hook_seconds: time that the hook has.
        stopping: asked now and then; True ends the work with `StoppedError`.
    """

    folder: Path
    slot: str
    data: Path
    env: dict[str, str]
    hook_seconds: float
    stopping: Callable[[], bool] = lambda: False

    def rules(self) -> dict[str, Any]:
        """The manifest's table ``data``."""
        manifest = read_json(self.folder / "slots" / f"{self.slot}.json") or {}
        rules = manifest.get("data")
        return rules if isinstance(rules, dict) else {}


def place_of(folder: Path, name: str) -> Path:
    """Where the snapshot ``name`` of a program lies."""
    return folder / "snapshots" / name


def is_taken(folder: Path, name: str) -> bool:
    """Whether the snapshot is there, whole."""
    return read_json(place_of(folder, name) / "snapshot.json") is not None


def take(source: Source, name: str) -> None:
    """Make the snapshot ``name``; nothing may run.

    Raises:
        OSError, sqlite3.Error, subprocess.SubprocessError: it could not be made.
        StoppedError: asked to leave.
    """
    place, rules = place_of(source.folder, name), source.rules()
    if place.exists():
        shutil.rmtree(place)
    place.mkdir(parents=True)
    copied = []
    for path in rules.get("databases", []):
        original = source.data / path
        if original.exists():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            _copy_database(original, place / path, source.stopping)
            copied.append({"path": path, "size": (place / path).stat().st_size})
    if rules.get("hook"):
        (place / "hook").mkdir()
        _run_hook(source, rules["hook"], "take", place / "hook")
    _fsync_tree(place)
    here.fsync_folder(place.parent)
    what = {"at": stamp(), "slot": source.slot, "databases": copied}
    write_json(place / "snapshot.json", what | {"hook": bool(rules.get("hook"))})


def restore(source: Source, name: str) -> None:
    """Put the snapshot ``name`` back; nothing may run. It may be done again at any time.

    Raises:
        OSError, sqlite3.Error, subprocess.SubprocessError: it could not be put back.
        StoppedError: asked to leave.
    """
    place = place_of(source.folder, name)
    record = read_json(place / "snapshot.json")
    if record is None:
        raise OSError(f"the snapshot {place} is gone or broken")
    kept = {one["path"] for one in record["databases"]}
    for path in source.rules().get("databases", []):
        target = source.data / path
        for leftover in (f"{target}-wal", f"{target}-shm", f"{target}-journal"):
            Path(leftover).unlink(missing_ok=True)
        if path in kept:
            part = target.with_name(f".{target.name}.restore.part")
            shutil.copyfile(place / path, part)
            _fsync_file(part)
            if target.exists():
                shutil.copymode(target, part)
            part.replace(target)
        else:
            target.unlink(missing_ok=True)  # the release that is left behind had made it
        if target.parent.exists():
            here.fsync_folder(target.parent)
        if source.stopping():
            raise StoppedError
    if record.get("hook"):
        _run_hook(source, source.rules().get("hook", []), "restore", place / "hook")


def _copy_database(original: Path, copy: Path, stopping: Callable[[], bool]) -> None:
    def look(_status: int, _remaining: int, _total: int) -> None:
        if stopping():
            raise StoppedError

    with (
        contextlib.closing(sqlite3.connect(original, timeout=10)) as source,
        contextlib.closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target, pages=_PAGES, progress=look)
        found = target.execute("PRAGMA quick_check(1)").fetchone()
        if found != ("ok",):
            raise OSError(f"{original} is damaged: {found[0] if found else 'no answer'}")


def _run_hook(source: Source, hook: list[str], verb: str, folder: Path) -> None:
    slot = source.folder / "slots" / source.slot
    done = subprocess.run(
        [str(slot / hook[0]), *hook[1:], verb, str(folder)],
        cwd=source.data if source.data.is_dir() else slot,
        env=source.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=source.hook_seconds,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-200:]
        raise OSError(f"the release's own hook ended with {done.returncode} ({said})")


def _fsync_tree(folder: Path) -> None:
    for base, _folders, files in os.walk(folder, topdown=False):
        for name in files:
            _fsync_file(Path(base) / name)
        here.fsync_folder(Path(base))


def _fsync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
