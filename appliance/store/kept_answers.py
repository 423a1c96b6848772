"""What creations were answered, so that one that is sent again is not done again."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from appliance.domain.kept import GIVEN_UP_AFTER, MADE, Begun, Kept, TakenOverError
from appliance.store.account_models import AnswerRow
from appliance.store.database import Database
from common.clock import Clock
from common.vault import Vault


class SqlKeptAnswers:
    """See `appliance.domain.kept.KeptAnswers`; answers may hold secrets, so they are sealed."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    def begin(self, scope: str, key: str, asked: str) -> Kept | Begun:
        """See the interface."""
        now = self._clock.now()
        row = AnswerRow(scope=scope, key=key, asked=asked, status=0, answer="", at=now)
        try:
            with self._database.write() as session:
                session.add(row)
        except IntegrityError:
            with self._database.read() as session:
                found = session.get(AnswerRow, (scope, key))
                known = found and (found.asked, found.status, found.answer, found.at)
            if not known:
                return self.begin(scope, key, asked)  # it was given up in between
            before, status, sealed, at = known
            over = not status and before == asked and now - at > GIVEN_UP_AFTER
            if over and self._take_over(Begun(scope, key, at), now):
                return Begun(scope, key, now)
            text = self._vault.open(sealed, _where(scope, key)) if sealed else ""
            return Kept(before, status, text)
        return Begun(scope, key, now)

    def mark(self, session: Session, begun: Begun, status: int = MADE, answer: str = "") -> None:
        """Write with the creation itself that it was made. Raises TakenOverError."""
        sealed = self._vault.seal(answer, _where(begun.scope, begun.key)) if answer else ""
        row = session.scalar(select(AnswerRow).where(*_is(begun)).with_for_update())
        if row is None:
            raise TakenOverError
        if not row.status:  # it is marked once; a line of the audit log comes after
            row.status, row.answer = status, sealed

    def _take_over(self, begun: Begun, now: datetime) -> bool:
        with self._database.write() as session:
            wanted = update(AnswerRow).values(at=now).where(*_is(begun), AnswerRow.status == 0)
            return bool(session.execute(wanted).rowcount)  # type: ignore[attr-defined]

    def keep(self, scope: str, key: str, status: int, answer: str) -> None:
        """What it was answered."""
        with self._database.write() as session:
            row = session.get(AnswerRow, (scope, key))
            if row is not None:
                row.status, row.answer = status, self._vault.seal(answer, _where(scope, key))

    def give_up(self, scope: str, key: str) -> None:
        """Nothing was made: the key may be used again."""
        with self._database.write() as session:
            session.execute(delete(AnswerRow).where(AnswerRow.scope == scope, AnswerRow.key == key))

    def forget(self, hours: float) -> None:
        """Remove what is older."""
        with self._database.write() as session:
            before = self._clock.now() - timedelta(hours=hours)
            session.execute(delete(AnswerRow).where(AnswerRow.at < before))


def _is(begun: Begun) -> tuple[ColumnElement[bool], ...]:
    return (
        AnswerRow.scope == begun.scope, AnswerRow.key == begun.key, AnswerRow.at == begun.at
    )  # fmt: skip


def _where(scope: str, key: str) -> str:
    return f"kept_answers/answer/{scope}/{key}"
