"""The users as `common.web.signin` needs them; implements `common.web.accounts.Accounts`."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, update

from appliance.domain.users import plain_name
from appliance.store.database import Database
from appliance.store.models import FailureRow, UserRow
from appliance.store.users import SqlUsers
from common.web.accounts import Account, LockRule

# Whoever has been quiet for so long starts anew; so the table stays small, too.
_FORGET = timedelta(days=1)


class SqlAccounts:
    """See `common.web.accounts.Accounts`; every change is one durable transaction."""

    def __init__(self, database: Database, users: SqlUsers) -> None:
        self._database = database
        self._users = users

    def find(self, name: str) -> Account | None:
        """The account, or None; somebody who is disabled is nobody."""
        user = self._users.by_name(plain_name(name))
        if user is None or user.disabled:
            return None
        return Account(user.name, user.password_hash, user.must_change_password, user.generation)

    def set_password(self, name: str, password_hash: str, *, must_change: bool) -> None:
        """A new password; ends all sessions of the account and forgets its failures."""
        self._users.set_password(name, password_hash, must_change=must_change)

    def end_sessions(self, name: str) -> None:
        """Raise the account's generation."""
        with self._database.write() as session:
            session.execute(
                update(UserRow)
                .where(UserRow.name == name)
                .values(generation=UserRow.generation + 1)
            )

    def attempt(self, subject: str, rule: LockRule, now: datetime) -> datetime | None:
        """Count one try at signing in, in one transaction, before the password is looked at."""
        subject = _plain(subject)
        with self._database.edit() as session:
            session.execute(delete(FailureRow).where(FailureRow.at < now - _FORGET))
            row = session.get(FailureRow, subject)
            if row is not None and row.locked_until > now:
                return row.locked_until
            failures = (row.failures if row else 0) + 1
            session.merge(
                FailureRow(
                    subject=subject,
                    failures=failures,
                    locked_until=now + rule.lock(failures),
                    at=now,
                )
            )
            return None

    def forgive(self, subject: str) -> None:
        """The password was right: forget the subject's failures."""
        with self._database.write() as session:
            session.execute(delete(FailureRow).where(FailureRow.subject == _plain(subject)))


def _plain(subject: str) -> str:
    """However a name is typed, its wrong passwords add up; and it fits the column."""
    kind, _, rest = subject.partition(":")
    return f"{kind}:{plain_name(rest)}"[:200]
