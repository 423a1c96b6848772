"""Marks, visits and ratings in the tables; their interfaces are in the domain."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from appliance.domain.marks import Marks, Side
from appliance.domain.rating import Rating
from appliance.domain.visits import Visit
from appliance.store.chat_models import MarksRow, RatingRow, VisitRow


class SqlMarks:
    """See `appliance.domain.marks.KeptMarks`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, conversation: int) -> dict[Side, Marks]:
        """Of both sides."""
        rows = self._session.scalars(select(MarksRow).where(MarksRow.conversation == conversation))
        found = {Side(row.side): Marks(row.delivered, row.read) for row in rows}
        return {side: found.get(side, Marks()) for side in Side}

    def set(self, conversation: int, side: Side, marks: Marks) -> None:
        """Replace one side's."""
        self._session.merge(
            MarksRow(
                conversation=conversation, side=str(side), delivered=marks.delivered,
                read=marks.read,
            )
        )  # fmt: skip
        self._session.flush()


class SqlVisits:
    """See `appliance.domain.visits.KeptVisits`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, conversation: int) -> list[Visit]:
        """Oldest first."""
        query = select(VisitRow).where(VisitRow.conversation == conversation).order_by(VisitRow.id)
        return [Visit(row.url, row.title, row.at) for row in self._session.scalars(query)]

    def add(self, conversation: int, visit: Visit, most: int) -> None:
        """Keep it, and no more than the last ``most``."""
        self._session.add(VisitRow(conversation=conversation, **vars(visit)))
        self._session.flush()
        newest = (
            select(VisitRow.id)
            .where(VisitRow.conversation == conversation)
            .order_by(VisitRow.id.desc())
            .limit(most)
        )
        self._session.execute(
            delete(VisitRow).where(
                VisitRow.conversation == conversation, VisitRow.id.not_in(newest.scalar_subquery())
            )
        )


class SqlRatings:
    """See `appliance.domain.rating.KeptRatings`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, conversation: int) -> Rating | None:
        """The conversation's; None: not rated."""
        row = self._session.get(RatingRow, conversation)
        if row is None:
            return None
        return Rating(row.conversation, row.stars, row.comment, row.at, row.agent)

    def set(self, rating: Rating) -> None:
        """Keep it, or replace what is kept."""
        self._session.merge(RatingRow(**vars(rating)))
        self._session.flush()
