"""Who may sign in, and how often somebody has guessed wrongly; kept in a room's database."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlite_utils import Migrations

from common.clock import Clock, SystemClock, ago, parse_stamp, stamp
from common.errors import OperatorError
from common.spool import Store
from common.web.passwords import Passwords, one_time_password


@dataclass(frozen=True)
class Account:
    """One account.

    Attributes:
        name: what is typed to sign in.
        password_hash: argon2id.
        must_change: the password is for one use; nothing but changing it is allowed.
        generation: raised whenever all its sessions must end.
    """

    name: str
    password_hash: str
    must_change: bool
    generation: int


@dataclass(frozen=True)
class LockRule:
    """What wrong passwords cost.

    Attributes:
        free: so many in a row lock nothing: people mistype.
        first: the first lock; each further wrong password doubles it.
        longest: no lock is longer, so that a stranger cannot keep somebody out for days.
    """

    free: int
    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(hours=1)

    def lock(self, failures: int) -> timedelta:
        """How long ``failures`` in a row lock."""
        if failures <= self.free:
            return timedelta(0)
        doubled: int = 2 ** min(failures - self.free - 1, 20)
        return min(self.longest, self.first * doubled)


class Accounts(Protocol):
    """Where accounts are kept. What changes something returns after the commit."""

    def find(self, name: str) -> Account | None:
        """The account, or None."""
        ...

    def set_password(self, name: str, password_hash: str, *, must_change: bool) -> None:
        """A new password; ends all sessions of the account and forgets its failures."""
        ...

    def end_sessions(self, name: str) -> None:
        """Raise the account's generation."""
        ...

    def attempt(self, subject: str, rule: LockRule, now: datetime) -> datetime | None:
        """Count one try at signing in, before the password is looked at.

        Counting first, in one transaction, is what stops many guesses sent at once.

        Args:
            subject: ``name:…`` or ``address:…``.
            rule: what this try costs if it fails.
            now: the time.

        Returns:
            Until when ``subject`` is locked (then nothing was counted); None: go on.
        """
        ...

    def forgive(self, subject: str) -> None:
        """The password was right: forget the subject's failures."""
        ...


_TABLES = (
    """CREATE TABLE accounts (
        name TEXT PRIMARY KEY, password_hash TEXT NOT NULL, must_change INTEGER NOT NULL,
        generation INTEGER NOT NULL, created_at TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE sign_in_failures (
        subject TEXT PRIMARY KEY, failures INTEGER NOT NULL, until TEXT NOT NULL,
        at TEXT NOT NULL) WITHOUT ROWID""",
)


def add_to(migrations: Migrations) -> None:
    """Add the step that makes the accounts' tables to a room's ``migrations``."""

    @migrations(name="accounts_1")
    def accounts_1(db: Any) -> None:
        for statement in _TABLES:
            db.execute(statement)


class SqliteAccounts:
    """Accounts in a `Store`; see `Accounts`."""

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock or SystemClock()

    def find(self, name: str) -> Account | None:
        """The account, or None."""
        row = self._store.row("SELECT * FROM accounts WHERE name = ?", (name,))
        if row is None:
            return None
        return Account(
            row["name"], row["password_hash"], bool(row["must_change"]), row["generation"]
        )

    def add(self, name: str, password_hash: str, *, must_change: bool) -> bool:
        """Add an account; False when the name is taken."""
        added = self._store.execute(
            "INSERT INTO accounts VALUES (?, ?, ?, 1, ?) ON CONFLICT DO NOTHING",
            (name, password_hash, must_change, stamp(self._clock.now())),
        )
        return added == 1

    def names(self) -> list[str]:
        """Everybody, by name."""
        return [row["name"] for row in self._store.rows("SELECT name FROM accounts ORDER BY name")]

    def set_password(self, name: str, password_hash: str, *, must_change: bool) -> None:
        """A new password; ends all sessions of the account and forgets its failures."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE accounts SET password_hash = ?, must_change = ?, "
                "generation = generation + 1 WHERE name = ?",
                (password_hash, must_change, name),
            )
            connection.execute("DELETE FROM sign_in_failures WHERE subject = ?", (f"name:{name}",))

        self._store.write(work)

    def end_sessions(self, name: str) -> None:
        """Raise the account's generation."""
        self._store.execute(
            "UPDATE accounts SET generation = generation + 1 WHERE name = ?", (name,)
        )

    def attempt(self, subject: str, rule: LockRule, now: datetime) -> datetime | None:
        """Count one try; see `Accounts.attempt`."""

        def work(connection: sqlite3.Connection) -> datetime | None:
            # Whoever has been quiet for a day starts anew; so the table stays small, too.
            connection.execute("DELETE FROM sign_in_failures WHERE at < ?", (ago(now, days=1),))
            row = connection.execute(
                "SELECT failures, until FROM sign_in_failures WHERE subject = ?", (subject,)
            ).fetchone()
            if row and parse_stamp(row["until"]) > now:
                return parse_stamp(row["until"])
            failures = (row["failures"] if row else 0) + 1
            connection.execute(
                "INSERT INTO sign_in_failures VALUES (?, ?, ?, ?) ON CONFLICT (subject) DO "
                "UPDATE SET failures = excluded.failures, until = excluded.until, at = excluded.at",
                (subject, failures, stamp(now + rule.lock(failures)), stamp(now)),
            )
            return None

        return self._store.write(work)

    def forgive(self, subject: str) -> None:
        """Forget the subject's failures."""
        self._store.execute("DELETE FROM sign_in_failures WHERE subject = ?", (subject,))


def create_first_account(
    accounts: SqliteAccounts, name: str, *, passwords: Passwords | None = None
) -> str | None:
    """Make the first account; answers its one-time password, or None when there is any account.

    The password is shown once and kept nowhere; `reset_password` makes another.
    """
    if accounts.names():
        return None
    password = one_time_password()
    added = accounts.add(name, (passwords or Passwords()).hash(password), must_change=True)
    return password if added else None


def reset_password(accounts: Accounts, name: str, *, passwords: Passwords | None = None) -> str:
    """Give ``name`` a new one-time password, and end its locks and sessions.

    Raises:
        OperatorError: there is no such account.
    """
    if accounts.find(name) is None:
        raise OperatorError(f"There is no account {name!r}.")
    password = one_time_password()
    accounts.set_password(name, (passwords or Passwords()).hash(password), must_change=True)
    return password
