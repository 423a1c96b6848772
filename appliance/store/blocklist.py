"""The blocklist in the database; implements `appliance.domain.blocklist.Blocklist`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from appliance.domain.blocklist import Block, Kind
from appliance.store.account_models import BlockRow
from appliance.store.database import Database
from common.clock import Clock


class SqlBlocklist:
    """See the interface."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(self) -> list[Block]:
        """Every line, by id."""
        with self._database.read() as session:
            return [_block(row) for row in session.scalars(select(BlockRow).order_by(BlockRow.id))]

    def add(self, kind: Kind, value: str, reason: str, until: datetime | None, by: str) -> Block:
        """A new line."""
        row = BlockRow(
            kind=str(kind), value=value, reason=reason, until=until, by=by[:64],
            at=self._clock.now(),
        )  # fmt: skip
        with self._database.write() as session:
            session.add(row)
        return _block(row)

    def change(
        self,
        id: int,  # noqa: A002
        reason: str | None,
        until: datetime | None,
        check: Callable[[Block], None],
    ) -> Block | None:
        """None: there is no such line."""
        with self._database.edit() as session:
            row = session.get(BlockRow, id)
            if row is None:
                return None
            check(_block(row))
            row.reason, row.until = row.reason if reason is None else reason, until
            return _block(row)

    def remove(self, id: int, check: Callable[[Block], None]) -> Block | None:  # noqa: A002
        """None: there is no such line. ``check`` may raise."""
        with self._database.edit() as session:
            row = session.get(BlockRow, id)
            if row is None:
                return None
            check(_block(row))
            session.delete(row)
            return _block(row)


def _block(row: BlockRow) -> Block:
    return Block(row.id, Kind(row.kind), row.value, row.reason, row.until, row.by, row.at)
