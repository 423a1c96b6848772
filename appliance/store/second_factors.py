"""Second factors in the database; implements `common.web.second_factor.SecondFactors`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from appliance.domain.users import plain_name
from appliance.store.account_models import RecoveryRow, RoleRow, SecondFactorRow
from appliance.store.database import Database
from appliance.store.models import UserRow
from common.vault import Vault
from common.web.second_factor import Need
from common.web.totp import new_recovery_codes, new_secret, recovery_hash, step_of


class SqlSecondFactors:
    """See `common.web.second_factor.SecondFactors`; the secrets are sealed by the vault.

    A code is looked at while nobody else writes: shown twice at once, it counts once.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def need(self, name: str) -> Need:
        """What this account's sign-in needs beside the password."""
        with self._database.read() as session:
            user = _user(session, name)
            if user is None:
                return Need.NOTHING
            if _confirmed(session, user.id):
                return Need.CODE
            rule = session.get(RoleRow, user.role)
            return Need.ENROL if rule is not None and rule.second_factor else Need.NOTHING

    def begin(self, name: str) -> str:
        """A new secret; one that was begun is told again, so that a reload changes nothing."""
        with self._database.edit() as session:
            user = _user(session, name)
            assert user is not None  # noqa: S101 - has just shown the password
            row = session.get(SecondFactorRow, user.id)
            if row is not None and row.confirmed_at is None:
                return self._vault.open(row.secret, _where(user.id))
            assert row is None, "there is one already"  # noqa: S101 - asked by the caller
            secret = new_secret()
            session.add(
                SecondFactorRow(
                    user=user.id, secret=self._vault.seal(secret, _where(user.id)), last_step=0
                )
            )
            return secret

    def confirm(self, name: str, code: str, now: datetime) -> list[str] | None:
        """The secret counts from now on; answers the recovery codes."""
        with self._database.edit() as session:
            user = _user(session, name)
            row = session.get(SecondFactorRow, user.id) if user else None
            if user is None or row is None or row.confirmed_at is not None:
                return None
            step = step_of(self._vault.open(row.secret, _where(user.id)), code, now)
            if step is None:
                return None
            row.confirmed_at, row.last_step = now, step
            return _new_codes(session, user.id)

    def check(self, name: str, code: str, now: datetime) -> bool:
        """Whether it is the code of now, or a recovery code; each opens once."""
        with self._database.edit() as session:
            user = _user(session, name)
            row = _confirmed(session, user.id) if user else None
            if user is None or row is None:
                return False
            secret = self._vault.open(row.secret, _where(user.id))
            step = step_of(secret, code, now, after=row.last_step)
            if step is not None:
                row.last_step = step
                return True
            used = session.execute(
                delete(RecoveryRow)
                .where(RecoveryRow.user == user.id, RecoveryRow.hash == recovery_hash(code))
                .returning(RecoveryRow.hash)
            ).all()
            return bool(used)

    def renew_codes(self, name: str) -> list[str]:
        """New recovery codes; the old ones are worth nothing."""
        with self._database.write() as session:
            user = _user(session, name)
            return _new_codes(session, user.id) if user else []

    def remove(self, name: str) -> None:
        """There is none any more."""
        with self._database.write() as session:
            user = _user(session, name)
            if user is not None:
                session.execute(delete(SecondFactorRow).where(SecondFactorRow.user == user.id))
                session.execute(delete(RecoveryRow).where(RecoveryRow.user == user.id))

    def codes_left(self, name: str) -> int:
        """How many recovery codes were not used yet."""
        with self._database.read() as session:
            user = _user(session, name)
            query = select(func.count()).where(RecoveryRow.user == (user.id if user else 0))
            return session.scalar(query) or 0

    def required(self, name: str) -> bool:
        """Whether the account's role must have one."""
        with self._database.read() as session:
            user = _user(session, name)
            rule = session.get(RoleRow, user.role) if user else None
            return rule is not None and rule.second_factor


def _where(user: int) -> str:
    return f"second_factors/secret/{user}"


def _user(session: Session, name: str) -> UserRow | None:
    return session.scalar(select(UserRow).where(UserRow.name == plain_name(name)))


def _confirmed(session: Session, user: int) -> SecondFactorRow | None:
    row = session.get(SecondFactorRow, user)
    return row if row is not None and row.confirmed_at is not None else None


def _new_codes(session: Session, user: int) -> list[str]:
    session.execute(delete(RecoveryRow).where(RecoveryRow.user == user))
    codes = new_recovery_codes()
    session.add_all(RecoveryRow(user=user, hash=recovery_hash(code)) for code in codes)
    return codes
