"""One SQLite file, one writer, many readers; an answer only after the commit.

`Store.write` hands a function to the writer thread. Functions that wait at the same time share
one transaction (group commit), so that a slow disk costs one fsync for many callers; each has
its own savepoint, so that one that fails undoes only itself. `write` returns after the fsync.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlite_utils import Migrations

from common.database import connect, migrate

T = TypeVar("T")
Row = dict[str, Any]
_Job = tuple[Callable[[sqlite3.Connection], Any], "Future[Any]"]


class Store:
    """A room's database.

    Args:
        path: the SQLite file; made and migrated when missing or old.
        migrations: the room's ordered schema steps.
        group: at most this many writes share one commit.
        on_commit: called (in the writer thread) after each commit, to wake readers.
    """

    def __init__(
        self,
        path: Path,
        migrations: Migrations,
        *,
        group: int = 256,
        on_commit: Callable[[], None] | None = None,
    ) -> None:
        migrate(path, migrations)
        self.path = path
        self._group = group
        self._on_commit = on_commit
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
        return [dict(row) for row in self._reader().execute(sql, tuple(parameters))]

    def row(self, sql: str, parameters: Iterable[Any] = ()) -> Row | None:
        """The first row, or None."""
        found = self._reader().execute(sql, tuple(parameters)).fetchone()
        return None if found is None else dict(found)

    def value(self, sql: str, parameters: Iterable[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        found = self._reader().execute(sql, tuple(parameters)).fetchone()
        return None if found is None else found[0]

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

    def _reader(self) -> sqlite3.Connection:
        connection = getattr(self._readers, "connection", None)
        if connection is None:
            connection = connect(self.path, read_only=True)
            self._readers.connection = connection
            with self._lock:
                self._open_readers.append(connection)
        return cast("sqlite3.Connection", connection)

    def _run(self) -> None:
        connection = connect(self.path)
        try:
            while (first := self._jobs.get()) is not None:
                batch, last = self._gather(first)
                self._commit(connection, batch)
                if last:
                    return
        finally:
            connection.close()

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        batch = [first]
        while len(batch) < self._group:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return batch, True
            batch.append(job)
        return batch, False

    def _commit(self, connection: sqlite3.Connection, batch: list[_Job]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for work, future in batch:
                connection.execute("SAVEPOINT job")
                try:
                    done.append((future, work(connection)))
                except BaseException as error:  # handed to the caller's future
                    if not connection.in_transaction:
                        # A full disk or a broken page: SQLite has undone the whole group.
                        raise sqlite3.OperationalError(str(error)) from error
                    connection.execute("ROLLBACK TO job")
                    future.set_exception(error)
                connection.execute("RELEASE job")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for _work, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for future, result in done:
            future.set_result(result)
        if self._on_commit:
            self._on_commit()
