"""Sessions in the database; implements `common.web.sessions.Sessions`."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from appliance.domain.users import plain_name
from appliance.store.account_models import SessionRow
from appliance.store.database import Database
from appliance.store.models import UserRow
from appliance.store.quick import Quick
from common.clock import Clock
from common.web.sessions import Session

_HOLDS = Quick(
    select(SessionRow.id)
    .join(UserRow, UserRow.id == SessionRow.user)
    .where(
        SessionRow.id == bindparam("session"),
        UserRow.name == bindparam("person"),
        SessionRow.generation == UserRow.generation,
    ),
    writes=False,
)


class SqlSessions:
    """See `common.web.sessions.Sessions`; what has another generation than its user has ended.

    At most ``most`` of one account: a further one ends the one that was not used for longest.
    """

    def __init__(self, database: Database, clock: Clock, most: int) -> None:
        self._database = database
        self._clock = clock
        self._most = most

    def begin(self, name: str, address: str, browser: str) -> str:
        """A new one; its id."""
        now, new = self._clock.now(), secrets.token_urlsafe(32)
        with self._database.write() as session:
            user = session.scalar(select(UserRow).where(UserRow.name == plain_name(name)))
            assert user is not None  # noqa: S101 - has just shown the password
            old = select(SessionRow.id).where(SessionRow.user == user.id)
            ids = list(
                session.scalars(old.order_by(SessionRow.seen_at.desc()).offset(self._most - 1))
            )
            session.execute(
                delete(SessionRow).where(
                    SessionRow.id.in_(ids)
                    | ((SessionRow.user == user.id) & (SessionRow.generation != user.generation))
                )
            )
            session.add(
                SessionRow(
                    id=new, user=user.id, generation=user.generation, began_at=now, seen_at=now,
                    address=address[:64], browser=browser[:200],
                )
            )  # fmt: skip
        return new

    def holds(self, name: str, session: str) -> bool:
        """Whether it is one of the account's, and has not ended."""
        with self._database.line() as line:
            return bool(_HOLDS.rows(line, {"session": session, "person": name}))

    def seen(self, session: str, address: str) -> None:
        """It is in use."""
        with self._database.write() as writing:
            writing.execute(
                update(SessionRow)
                .where(SessionRow.id == session)
                .values(seen_at=self._clock.now(), address=address[:64])
            )

    def of(self, name: str) -> list[Session]:
        """Those that have not ended, newest use first."""
        query = (
            select(SessionRow)
            .join(UserRow, UserRow.id == SessionRow.user)
            .where(UserRow.name == name, SessionRow.generation == UserRow.generation)
            .order_by(SessionRow.seen_at.desc())
        )
        with self._database.read() as reading:
            return [
                Session(row.id, row.began_at, row.seen_at, row.address, row.browser)
                for row in reading.scalars(query)
            ]

    def end(self, name: str, session: str) -> bool:
        """End one; False when there is no such."""
        mine = select(UserRow.id).where(UserRow.name == name).scalar_subquery()
        with self._database.write() as writing:
            gone = writing.execute(
                delete(SessionRow)
                .where(SessionRow.id == session, SessionRow.user == mine)
                .returning(SessionRow.id)
            ).all()
            return bool(gone)

    def forget(self, before: datetime) -> None:
        """Remove those that began before ``before``; they are over by the settings."""
        with self._database.write() as writing:
            writing.execute(delete(SessionRow).where(SessionRow.began_at < before))
