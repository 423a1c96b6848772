"""Marks, participants, visits and ratings in the tables; their interfaces are in the domain."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from appliance.domain.marks import Marks, Side
from appliance.domain.participants import Part, Participant
from appliance.domain.rating import Rating
from appliance.domain.visits import Visit
from appliance.store.chat_models import MarksRow, ParticipantRow, RatingRow, VisitRow
from appliance.store.floor_models import MessageRow


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


class SqlParticipants:
    """See `appliance.domain.participants.KeptParticipants`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, conversation: int) -> list[Participant]:
        """All of one conversation, by agent."""
        return self._where(ParticipantRow.conversation == conversation)

    def one(self, conversation: int, agent: int) -> Participant | None:
        """What ``agent`` is in it."""
        row = self._session.get(ParticipantRow, (conversation, agent))
        return _participant(row) if row else None

    def joined_by(self, agent: int) -> list[Participant]:
        """Whatever ``agent`` takes part in."""
        return self._where(ParticipantRow.agent == agent)

    def speakers(self, conversation: int) -> list[int]:
        """The agents who have said something to the contact."""
        query = (
            select(MessageRow.agent)
            .where(
                MessageRow.conversation == conversation,
                MessageRow.agent.is_not(None),
                MessageRow.internal.is_(False),
            )
            .distinct()
        )
        return [agent for agent in self._session.scalars(query) if agent is not None]

    def set(self, participant: Participant) -> None:
        """Keep a new one, or replace what is kept."""
        self._session.merge(ParticipantRow(**{**vars(participant), "part": str(participant.part)}))
        self._session.flush()

    def remove(self, conversation: int, agent: int | None = None) -> None:
        """``agent`` has no part any more; None: nobody has."""
        gone = delete(ParticipantRow).where(ParticipantRow.conversation == conversation)
        if agent is not None:
            gone = gone.where(ParticipantRow.agent == agent)
        self._session.execute(gone)

    def _where(self, which: object) -> list[Participant]:
        query = select(ParticipantRow).where(which)  # type: ignore[arg-type]
        query = query.order_by(ParticipantRow.conversation, ParticipantRow.agent)
        return [_participant(row) for row in self._session.scalars(query)]


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


def _participant(row: ParticipantRow) -> Participant:
    return Participant(row.conversation, row.agent, Part(row.part), row.since, row.invited_by)
