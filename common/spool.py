"""One SQLite file, one writer, many readers; an answer only after the commit.

`Store.write` hands a function to the writer thread. Functions that wait at the same time share
one transaction (group commit), so that a slow disk costs one fsync for many callers; each has
its own savepoint, so that one that fails undoes only itself. `write` returns after the fsync.

When SQLite says that the file is damaged, the writer lets ``mend`` put a sound one in its place;
what is asked meanwhile fails at once and is asked again, and readers find the new file.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlite_utils import Migrations

from common.database import connect, migrate
from common.group import gather
from common.logs import get_logger
from common.salvage import is_damage

log = get_logger(__name__)

T = TypeVar("T")
Row = dict[str, Any]
_Job = tuple[Callable[[sqlite3.Connection], Any], "Future[Any]"]
_MEND_EVERY = 60.0  # seconds; what mending does not help must not fill the disk with copies


class Store:
    """A room's database.

    Args:
        path: the SQLite file; made and migrated when missing or old.
        migrations: the room's ordered schema steps.
        group: at most this many writes share one commit.
        on_commit: called (in the writer thread) after each commit, to wake readers.
        on_error: told of every error of SQLite itself, in whichever thread it came up.
        mend: given the file and what is wrong with it, with no connection of ours open for
            writing; when it returns the file is sound again. It may raise: then it stays as it is.
    """

    def __init__(
        self,
        path: Path,
        migrations: Migrations,
        *,
        group: int = 256,
        on_commit: Callable[[], None] | None = None,
        on_error: Callable[[sqlite3.Error], None] | None = None,
        mend: Callable[[Path, str], None] | None = None,
    ) -> None:
        migrate(path, migrations)
        self.path = path
        self._group = group
        self._on_commit = on_commit
        self._on_error = on_error
        self._mend = mend
        self._mended_at = float("-inf")
        self._trouble: str | None = None
        self._file = 0  # counts the files that have been at `path`
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=10_000)
        self._readers = threading.local()
        self._open_readers: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"writer:{path.name}", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Queue ``work``; its future is done after the commit that holds it."""
        if not self._thread.is_alive():
            raise sqlite3.ProgrammingError(f"{self.path} is closed")
        if self._trouble is not None:
            raise sqlite3.OperationalError(f"{self.path} is being mended: {self._trouble}")
        future: Future[T] = Future()
        self._jobs.put((work, cast("Future[Any]", future)))
        return future

    def write(self, work: Callable[[sqlite3.Connection], T], timeout: float = 60) -> T:
        """Run ``work(connection)`` in a transaction; return its result after the fsync.

        Raises whatever ``work`` raised (then nothing of it was written), or TimeoutError.
        """
        return self.submit(work).result(timeout)

    def execute(self, sql: str, parameters: Iterable[Any] = ()) -> int:
        """One durable statement; answers the number of rows it touched."""
        values = tuple(parameters)
        return self.write(lambda connection: connection.execute(sql, values).rowcount)

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[Row]:
        """Read with this thread's own connection."""
        with self._reading() as connection:
            return [dict(row) for row in connection.execute(sql, tuple(parameters))]

    def row(self, sql: str, parameters: Iterable[Any] = ()) -> Row | None:
        """The first row, or None."""
        with self._reading() as connection:
            found = connection.execute(sql, tuple(parameters)).fetchone()
        return None if found is None else dict(found)

    def value(self, sql: str, parameters: Iterable[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        with self._reading() as connection:
            found = connection.execute(sql, tuple(parameters)).fetchone()
        return None if found is None else found[0]

    def mend(self, trouble: str) -> None:
        """Have the writer mend the file as soon as it can; returns at once."""
        if self._mend is None or self._trouble is not None:
            return
        if time.monotonic() < self._mended_at + _MEND_EVERY:
            log.error("database.damaged_again", file=str(self.path), trouble=trouble)
            return
        self._trouble = trouble
        with contextlib.suppress(queue.Full):  # then it is awake anyway
            self._jobs.put_nowait((_nothing, Future()))

    def close(self) -> None:
        """Commit what waits, then close every connection."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join(timeout=60)
        with self._lock:
            for connection in self._open_readers:
                with contextlib.suppress(sqlite3.Error):
                    connection.close()
            self._open_readers.clear()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._reader()
        except sqlite3.Error as error:
            self._failed(error)
            raise

    def _failed(self, error: sqlite3.Error) -> None:
        if self._on_error:
            self._on_error(error)
        if is_damage(error):
            self.mend(str(error))

    def _reader(self) -> sqlite3.Connection:
        connection, file = getattr(self._readers, "connection", (None, -1))
        if connection is not None and file != self._file:
            with self._lock:
                self._open_readers.remove(connection)
            connection.close()
            connection = None
        if connection is None:
            file = self._file
            connection = connect(self.path, read_only=True)
            self._readers.connection = connection, file
            with self._lock:
                self._open_readers.append(connection)
        return cast("sqlite3.Connection", connection)

    def _run(self) -> None:
        connection = connect(self.path)
        try:
            while (first := self._jobs.get()) is not None:
                batch, last = gather(self._jobs, first, self._group)
                self._commit(connection, batch)
                if self._trouble is not None:
                    connection.close()
                    self._have_mended()
                    connection = connect(self.path)
                if last:
                    return
        finally:
            connection.close()

    def _have_mended(self) -> None:
        assert self._mend is not None  # noqa: S101 - `mend` has looked
        trouble = self._trouble or ""
        try:
            self._mend(self.path, trouble)
        except Exception:  # no room for a second file, perhaps: go on with what there is
            log.exception("database.not_mended", file=str(self.path), trouble=trouble)
        self._file += 1
        self._mended_at = time.monotonic()
        self._trouble = None

    def _commit(self, connection: sqlite3.Connection, batch: list[_Job]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for work, future in batch:
                connection.execute("SAVEPOINT job")
                try:
                    done.append((future, work(connection)))
                except BaseException as error:  # handed to the caller's future
                    if not connection.in_transaction or is_damage(error):
                        # A full disk or a broken page: SQLite has undone the whole group.
                        if isinstance(error, sqlite3.Error):
                            raise
                        raise sqlite3.OperationalError(str(error)) from error
                    if isinstance(error, sqlite3.Error):
                        self._failed(error)
                    connection.execute("ROLLBACK TO job")
                    future.set_exception(error)
                connection.execute("RELEASE job")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            self._failed(error)
            for _work, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for future, result in done:
            future.set_result(result)
        if self._on_commit:
            self._on_commit()


def _nothing(_connection: sqlite3.Connection) -> None:
    """What wakes the writer."""
