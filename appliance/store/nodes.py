"""The nodes' signs of life; implements `appliance.domain.nodes.Nodes`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import String, bindparam, delete, select, text
from sqlalchemy.orm import Mapped, mapped_column

from appliance.domain.nodes import Node
from appliance.store.database import Database
from appliance.store.models import Base, Stamp
from appliance.store.quick import Quick

_FORGET_AFTER = timedelta(days=1)


class NodeRow(Base):
    """See `appliance.domain.nodes.Node`."""

    __tablename__ = "nodes"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    machine: Mapped[str] = mapped_column(String(200))
    port: Mapped[int]
    roles: Mapped[str] = mapped_column(String(100))
    version: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(Stamp)
    seen_at: Mapped[datetime] = mapped_column(Stamp)


class SqlNodes:
    """See `appliance.domain.nodes.Nodes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def say(self, node: Node) -> None:
        """It is there."""
        with self._database.write_line() as line:
            _SAY.run(line, asdict(node))
            _FORGET.run(line, {"before": node.seen_at - _FORGET_AFTER})

    def leave(self, id: str) -> None:  # noqa: A002 - see the interface
        """It ends in order."""
        with self._database.write() as session:
            session.execute(delete(NodeRow).where(NodeRow.id == id))

    def all(self) -> list[Node]:
        """Everyone, by machine and port."""
        query = select(NodeRow).order_by(NodeRow.machine, NodeRow.port, NodeRow.started_at)
        with self._database.read() as session:
            return [
                Node(
                    row.id, row.machine, row.port, row.roles, row.version, row.key,
                    row.started_at, row.seen_at,
                )
                for row in session.scalars(query)
            ]  # fmt: skip


def _say() -> Quick:
    columns = {column.name: column.type for column in NodeRow.__table__.columns}
    new = ", ".join(f"{name} = excluded.{name}" for name in columns if name != "id")
    return Quick(
        text(
            f"INSERT INTO nodes ({', '.join(columns)}) "  # noqa: S608 - names from the code alone
            f"VALUES (:{', :'.join(columns)}) ON CONFLICT (id) DO UPDATE SET {new}"
        ).bindparams(*(bindparam(name, type_=type_) for name, type_ in columns.items())),
        writes=True,
    )


_SAY = _say()
_FORGET = Quick(delete(NodeRow).where(NodeRow.seen_at < bindparam("before")), writes=True)
