"""Trunks that we register with; implements `appliance.domain.telephony.trunks.Trunks`."""

from __future__ import annotations

from sqlalchemy import String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from appliance.domain.telephony.trunks import Trunk
from appliance.store.database import Database
from appliance.store.models import Base
from common.vault import Vault

WHERE = "trunks/secret/{}"


class TrunkRow(Base):
    """See `appliance.domain.telephony.trunks.Trunk`; ``secret`` is the password, sealed."""

    __tablename__ = "trunks"

    name: Mapped[str] = mapped_column(String(31), primary_key=True)
    server: Mapped[str] = mapped_column(String(262))
    user: Mapped[str] = mapped_column(String(100))
    secret: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(String(41))


class SqlTrunks:
    """See the interface."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault

    def all(self) -> list[Trunk]:
        """See the interface."""
        with self._database.read() as session:
            return [
                Trunk(
                    row.name, row.server, row.user,
                    self._vault.open(row.secret, WHERE.format(row.name)), row.number,
                )
                for row in session.scalars(select(TrunkRow).order_by(TrunkRow.name))
            ]  # fmt: skip

    def names(self) -> list[str]:
        """See the interface."""
        with self._database.read() as session:
            return list(session.scalars(select(TrunkRow.name).order_by(TrunkRow.name)))

    def keep(self, trunk: Trunk) -> None:
        """See the interface."""
        secret = self._vault.seal(trunk.password, WHERE.format(trunk.name))
        with self._database.write() as session:
            session.merge(
                TrunkRow(
                    name=trunk.name, server=trunk.server, user=trunk.user, secret=secret,
                    number=trunk.number,
                )
            )  # fmt: skip

    def drop(self, name: str) -> bool:
        """See the interface."""
        with self._database.write() as session:
            row = session.get(TrunkRow, name)
            if row is not None:
                session.delete(row)
            return row is not None
