"""Who takes part beside the agent; implements `appliance.domain.participants.KeptParticipants`."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import bindparam, delete, or_, select

from appliance.domain.conversation import SPOKEN_IN
from appliance.domain.participants import Part, Participant
from appliance.store.calls import CallRow
from appliance.store.chat_models import ParticipantRow
from appliance.store.floor_models import ConversationRow, MessageRow
from appliance.store.quick import Line, Quick
from appliance.store.record_rows import RecordRows, values_of

_ROW = ParticipantRow
_PARTICIPANTS = RecordRows(_ROW, Participant, key="conversation", made={"part": Part})
_ORDER = (_ROW.conversation, _ROW.agent)
_IS = (_ROW.conversation == bindparam("conversation"), _ROW.agent == bindparam("agent"))
_OF = _PARTICIPANTS.which(_IS[0], order=_ORDER)
_ONE = _PARTICIPANTS.which(*_IS)
_BY = _PARTICIPANTS.which(_IS[1], order=_ORDER)
_ADD = _PARTICIPANTS.inserting()
_REMOVE = Quick(delete(_ROW).where(*_IS), writes=True)
_REMOVE_ALL = Quick(delete(_ROW).where(_IS[0]), writes=True)
_IN_CALLS = Quick(
    select(_ROW.agent, ConversationRow.weight)
    .join(CallRow, CallRow.conversation == _ROW.conversation)
    .join(ConversationRow, ConversationRow.id == _ROW.conversation)
    .where(
        _ROW.part == Part.COLLEAGUE.value,
        CallRow.over.is_(False),
        or_(*(ConversationRow.state == one.value for one in sorted(SPOKEN_IN))),
    ),
    writes=False,
)
_SPEAKERS = Quick(
    select(MessageRow.agent)
    .where(
        MessageRow.conversation == bindparam("conversation"),
        MessageRow.agent.is_not(None),
        MessageRow.internal.is_(False),
    )
    .distinct(),
    writes=False,
)


class SqlParticipants:
    """See the interface."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def of(self, conversation: int) -> list[Participant]:
        """All of one conversation, by agent."""
        return _PARTICIPANTS.all(self._line, _OF, conversation=conversation)

    def one(self, conversation: int, agent: int) -> Participant | None:
        """What ``agent`` is in it."""
        found = _PARTICIPANTS.all(self._line, _ONE, conversation=conversation, agent=agent)
        return found[0] if found else None

    def joined_by(self, agent: int) -> list[Participant]:
        """Whatever ``agent`` takes part in."""
        return _PARTICIPANTS.all(self._line, _BY, agent=agent)

    def weigh(self) -> Counter[int]:
        """See the interface."""
        found: Counter[int] = Counter()
        for agent, weight in _IN_CALLS.rows(self._line, {}):
            found[agent] += weight
        return found

    def speakers(self, conversation: int) -> list[int]:
        """The agents who have said something to the contact."""
        return [row[0] for row in _SPEAKERS.rows(self._line, {"conversation": conversation})]

    def set(self, participant: Participant) -> None:
        """Keep a new one, or replace what is kept."""
        self.remove(participant.conversation, participant.agent)
        _ADD.run(self._line, values_of(participant))

    def remove(self, conversation: int, agent: int | None = None) -> None:
        """``agent`` has no part any more; None: nobody has."""
        if agent is None:
            _REMOVE_ALL.run(self._line, {"conversation": conversation})
        else:
            _REMOVE.run(self._line, {"conversation": conversation, "agent": agent})
