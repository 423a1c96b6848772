"""Healthy is what has databases that open."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from updater.launcher import read_json
from updater.running import Running

_BUSY_SECONDS = 2.0


class DatabaseHealth:
    """Each SQLite file opens and its schema can be read; one that is not there yet is no problem.

    Args:
        folder: the program's.
        databases: below its data folder.
    """

    def __init__(self, folder: Path, databases: Sequence[str]) -> None:
        self._folder = folder
        self._databases = databases

    def problem(self, process: Running) -> str:  # noqa: ARG002 - the interface's
        """See `HealthCheck.problem`."""
        for path in self._databases:
            file = data_of(self._folder) / path
            if not file.exists():
                continue
            try:
                uri = f"{file.resolve().as_uri()}?mode=ro"
                with contextlib.closing(
                    sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)
                ) as db:
                    db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):  # somebody works with it: it is open
                    return f"Its database {path} does not open ({error})."
            except sqlite3.Error as error:
                return f"Its database {path} does not open ({error})."
        return ""


def data_of(folder: Path) -> Path:
    """The data folder that the program was given."""
    launch = read_json(folder / "launch.json") or {}
    return Path(launch.get("env", {}).get("CALLSTEAD_PROGRAM_DATA") or folder / "data")
