"""Group commit for reports that arrive on the event loop.

While one commit is on its way to the disk, the next reports gather; then all of them share the
next one. So a slow disk costs each sender two commits at most, however many senders there are,
and no thread waits for anyone.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import Future

from comm_server import raw
from common.logs import get_logger
from common.spool import Store

log = get_logger(__name__)
_TELL_SECONDS = 1.0

# received_at, kind, dsn, encoding, body
Arrival = tuple[str, str, int, str, bytes]


class Arrivals:
    """Writes to ``store`` for one event loop; only that loop may call."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._gathered: list[tuple[Arrival, asyncio.Future[None]]] = []
        self._committing = False
        self._reports = self._bytes = 0  # since the last line of the log

    async def keep(self, arrival: Arrival, timeout: float = 60) -> None:  # noqa: ASYNC109 - a limit of ours
        """Return after the commit that holds ``arrival``.

        Raises whatever kept it from the disk, or TimeoutError; then it may be stored later.
        """
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gathered.append((arrival, stored))
        if not self._committing:
            self._commit()
        async with asyncio.timeout(timeout):
            await stored

    def _commit(self) -> None:
        loop = asyncio.get_running_loop()
        batch, self._gathered = self._gathered, []
        rows = [raw.values(*arrival) for arrival, _ in batch]

        def insert(connection: sqlite3.Connection) -> None:
            connection.executemany(raw.INSERT, rows)

        def written(result: Future[None]) -> None:  # called in the store's thread
            loop.call_soon_threadsafe(self._committed, batch, result.exception())

        self._committing = True
        try:
            self._store.submit(insert).add_done_callback(written)
        except Exception as error:  # noqa: BLE001 - handed to those who wait
            self._committed(batch, error)

    def _committed(
        self, batch: list[tuple[Arrival, asyncio.Future[None]]], error: BaseException | None
    ) -> None:
        self._committing = False
        if self._gathered:
            self._commit()
        for _arrival, stored in batch:
            if stored.done():  # whoever sent it has gone
                continue
            if error is None:
                stored.set_result(None)
            else:
                stored.set_exception(error)
        if error is None:
            self._count(batch)

    def _count(self, batch: list[tuple[Arrival, asyncio.Future[None]]]) -> None:
        """A line of the log a second: one for each commit would cost a fifth of the time."""
        if not self._reports:
            asyncio.get_running_loop().call_later(_TELL_SECONDS, self._tell)
        self._reports += len(batch)
        self._bytes += sum(len(arrival[4]) for arrival, _ in batch)

    def _tell(self) -> None:
        log.info("reports.accepted", reports=self._reports, bytes=self._bytes)
        self._reports = self._bytes = 0
