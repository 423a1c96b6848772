"""What creations were answered, so that one that is sent again is not done again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from appliance.domain.kept import Kept
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

    def begin(self, scope: str, key: str, asked: str) -> Kept | None:
        """See the interface."""
        row = AnswerRow(
            scope=scope, key=key, asked=asked, status=0, answer="", at=self._clock.now()
        )
        try:
            with self._database.write() as session:
                session.add(row)
        except IntegrityError:
            with self._database.read() as session:
                found = session.get(AnswerRow, (scope, key))
                known = found and (found.asked, found.status, found.answer)
            if not known:
                return self.begin(scope, key, asked)  # it was given up in between
            before, status, sealed = known
            text = self._vault.open(sealed, _where(scope, key)) if status else ""
            return Kept(before, status, text)
        return None

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


def _where(scope: str, key: str) -> str:
    return f"kept_answers/answer/{scope}/{key}"
