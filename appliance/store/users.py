"""Accounts in the database; implements `appliance.domain.users.Users`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from appliance.domain.roles import Role
from appliance.domain.users import NameTakenError, User
from appliance.store.database import Database
from appliance.store.floor_models import AgentRow
from appliance.store.models import FailureRow, UserRow
from appliance.store.quick import Quick
from common.clock import Clock

_COLUMNS = list(UserRow.__table__.columns)
_BY_NAME = Quick(  # asked for every request, and all the time by open connections
    select(*_COLUMNS).where(UserRow.name == bindparam("name")),
    [column.type for column in _COLUMNS],
    writes=False,
)


class SqlUsers:
    """See `appliance.domain.users.Users`; every change is one durable transaction."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def by_name(self, name: str) -> User | None:
        """The user whose plain name this is, or None."""
        with self._database.line() as line:
            found = _BY_NAME.rows(line, {"name": name})
        return _user(_row(found[0])) if found else None

    def by_id(self, id: int) -> User | None:  # noqa: A002
        """The user, or None."""
        with self._database.read() as session:
            row = session.get(UserRow, id)
            return _user(row) if row else None

    def change(self, id: int, decide: Callable[[User, Sequence[User]], User]) -> User | None:  # noqa: A002
        """Replace what an administrator edits; see the interface."""
        with self._database.edit() as session:
            row = session.get(UserRow, id)
            if row is None:
                return None
            wanted = decide(_user(row), [_user(one) for one in session.scalars(select(UserRow))])
            if (row.role, row.disabled) != (str(wanted.role), wanted.disabled):
                row.generation += 1
            row.display_name, row.role = wanted.display_name, str(wanted.role)
            row.team, row.disabled = wanted.team, wanted.disabled
            agent = session.get(AgentRow, id)
            if agent is not None:
                agent.name = wanted.display_name
            session.flush()
            return _user(row)

    def end_sessions(self, id: int) -> None:  # noqa: A002
        """End all sessions and tokens of a user."""
        with self._database.write() as session:
            session.execute(
                update(UserRow).where(UserRow.id == id).values(generation=UserRow.generation + 1)
            )

    def all(self) -> list[User]:
        """Everybody, by name."""
        with self._database.read() as session:
            return [_user(row) for row in session.scalars(select(UserRow).order_by(UserRow.name))]

    def add(
        self, name: str, display_name: str, role: Role, password_hash: str, *, only_first: bool
    ) -> User | None:
        """Add a user who must change the password; see the interface."""
        row = UserRow(
            name=name,
            display_name=display_name,
            role=str(role),
            password_hash=password_hash,
            must_change_password=True,
            generation=1,
            created_at=self._clock.now(),
            disabled=False,
        )
        try:
            with self._database.write() as session:
                if only_first and session.scalar(select(func.count(UserRow.id))):
                    return None
                session.add(row)
        except IntegrityError as error:
            raise NameTakenError(name) from error
        return _user(row)

    def set_password(self, name: str, password_hash: str, *, must_change: bool) -> None:
        """A new password; forgets failures and the lock, and ends the user's sessions."""
        with self._database.write() as session:
            session.execute(
                update(UserRow)
                .where(UserRow.name == name)
                .values(
                    password_hash=password_hash,
                    must_change_password=must_change,
                    generation=UserRow.generation + 1,
                )
            )
            session.execute(delete(FailureRow).where(FailureRow.subject == f"name:{name}"))

    def signed_in(self, name: str) -> None:
        """Note the moment of a sign-in."""
        with self._database.write() as session:
            session.execute(
                update(UserRow).where(UserRow.name == name).values(last_sign_in=self._clock.now())
            )

    def locked_until(self) -> dict[str, datetime]:
        """Who cannot sign in now because of wrong passwords, by name, and until when."""
        query = select(FailureRow).where(
            FailureRow.subject.startswith("name:"), FailureRow.locked_until > self._clock.now()
        )
        with self._database.read() as session:
            return {
                row.subject.removeprefix("name:"): row.locked_until
                for row in session.scalars(query)
            }


def _row(values: list[Any]) -> Any:
    return SimpleNamespace(
        **{column.name: value for column, value in zip(_COLUMNS, values, strict=True)}
    )


def _user(row: Any) -> User:
    return User(
        id=row.id,
        name=row.name,
        display_name=row.display_name,
        role=Role(row.role),
        password_hash=row.password_hash,
        must_change_password=row.must_change_password,
        generation=row.generation,
        created_at=row.created_at,
        last_sign_in=row.last_sign_in,
        team=row.team,
        disabled=row.disabled,
    )
