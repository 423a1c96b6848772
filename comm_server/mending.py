"""The database's care: looked at before it is opened and each hour, mended when it is damaged."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from comm_server import alarms
from comm_server.put_right import put_right
from comm_server.schema import migrations
from comm_server.settings import DiskSettings
from common.clock import Clock, stamp
from common.errors import OperatorError
from common.locks import exclusive
from common.logs import get_logger
from common.salvage import finish, remember_roots, repair, rescue, trouble
from common.spool import Store

log = get_logger(__name__)
_HOURLY = 20  # an hourly check may take so many times as long as one that holds up the start
_HANDOVER = 20.0  # seconds that a server that ends has to let go


class Mender:
    """Mends the database at ``path``; for the one process that serves it."""

    def __init__(self, path: Path, settings: Callable[[], DiskSettings], clock: Clock) -> None:
        self._path, self._settings, self._clock = path, settings, clock
        self._repaired = 0

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """For as long as the server runs: two must not mend the same file.

        Raises OperatorError: another one runs.
        """
        busy = (
            f"Another communications server (process {{holder}}) works in {self._path.parent}. "
            "Stop it first, or use another data folder."
        )
        lock = self._path.parent / "serving.lock"
        with exclusive(lock, busy=busy, wait=_HANDOVER, clock=self._clock):
            yield

    def before_opening(self) -> None:
        """Finish what a kill cut short, put the log right, and mend what the check finds."""
        if finish(self._path):
            log.warning("database.mending_finished", file=str(self._path))
        self._repaired = repair(self._path)
        found = trouble(self._path, migrations(), self._settings().check_seconds)
        if found:
            try:
                self.mend(self._path, found)
            except (OSError, sqlite3.Error) as error:
                log.exception("database.not_mended", file=str(self._path), trouble=found)
                if not _readable(self._path):
                    raise OperatorError(
                        f"The database {self._path} is damaged ({found}), and there is no room to "
                        f"save what can be read of it ({error}). Make room on this disk, and start "
                        "again."
                    ) from error

    def opened(self, store: Store) -> None:
        """Note where its tables begin, and tell what was put right before it was opened."""
        remember_roots(self._path)
        if self._repaired:
            at, facts = stamp(self._clock.now()), {"bytes": self._repaired}
            log.error("database.log_repaired", **facts)
            store.write(lambda connection: alarms.keep(connection, "log_repaired", at, facts))
            self._repaired = 0

    def mend(self, path: Path, found: str) -> None:
        """Put a fresh file with everything that can be read in the place of the damaged one.

        Raises OSError or sqlite3.Error: there is no room for it.
        """
        log.error("database.damaged", file=str(path), trouble=found)
        saved = rescue(path, migrations(), partial(put_right, now=self._clock.now()))
        remember_roots(path)
        log.error("database.mended", file=str(path), rows=saved.rows, lost=saved.lost,
                  kept_as=str(saved.kept_as))  # fmt: skip
        self._forget_old()

    def look(self, store: Store) -> None:
        """The hourly check of every page."""
        found = trouble(self._path, migrations(), self._settings().check_seconds * _HOURLY)
        if found:
            store.mend(found)

    def _forget_old(self) -> None:
        kept = sorted(
            one for one in self._path.parent.glob(f"{self._path.name}.damaged-*")
            if not one.name.endswith(("-wal", "-shm"))
        )  # fmt: skip
        for old in kept[: max(len(kept) - self._settings().keep_damaged, 0)]:
            for ending in ("", "-wal", "-shm"):
                Path(f"{old}{ending}").unlink(missing_ok=True)


def _readable(path: Path) -> bool:
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT count(*) FROM bundles").fetchone() is not None
    return False
