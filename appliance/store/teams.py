"""Teams, and what an administrator wants of roles; see `appliance.domain.users`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from appliance.domain.roles import Role
from appliance.domain.users import NameTakenError, Team
from appliance.store.account_models import RoleRow, TeamRow
from appliance.store.database import Database
from appliance.store.models import UserRow


class SqlTeams:
    """See `appliance.domain.users.Teams`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Team]:
        """Every team, by id."""
        with self._database.read() as session:
            return [
                Team(r.id, r.name) for r in session.scalars(select(TeamRow).order_by(TeamRow.id))
            ]

    def add(self, name: str) -> Team:
        """Raises NameTakenError."""
        row = TeamRow(name=name)
        try:
            with self._database.write() as session:
                session.add(row)
        except IntegrityError as error:
            raise NameTakenError(name) from error
        return Team(row.id, row.name)

    def rename(self, id: int, name: str, check: Callable[[Team], None]) -> Team | None:  # noqa: A002
        """None: no such team. Raises NameTakenError."""
        try:
            with self._database.edit() as session:
                row = session.get(TeamRow, id)
                if row is None:
                    return None
                check(Team(row.id, row.name))
                row.name = name
        except IntegrityError as error:
            raise NameTakenError(name) from error
        return Team(id, name)

    def remove(self, id: int, check: Callable[[Team], None]) -> Team | None:  # noqa: A002
        """Its people are in no team from now on. None: no such team. ``check`` may raise."""
        with self._database.edit() as session:
            row = session.get(TeamRow, id)
            if row is None:
                return None
            gone = Team(row.id, row.name)
            check(gone)
            session.execute(update(UserRow).where(UserRow.team == id).values(team=None))
            session.delete(row)
            return gone


class SqlRoleRules:
    """See `appliance.domain.users.RoleRules`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def second_factor(self) -> dict[Role, bool]:
        """Whether a role must have one."""
        with self._database.read() as session:
            kept = {row.role: row.second_factor for row in session.scalars(select(RoleRow))}
        return {role: kept.get(str(role), False) for role in Role}

    def require_second_factor(
        self, role: Role, wanted: bool, check: Callable[[Mapping[Role, bool]], None]
    ) -> None:
        """From the next sign-in on."""
        with self._database.edit() as session:
            kept = {row.role: row.second_factor for row in session.scalars(select(RoleRow))}
            check({one: kept.get(str(one), False) for one in Role})
            session.merge(RoleRow(role=str(role), second_factor=wanted))
