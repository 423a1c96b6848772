"""Conversations in a transaction: a part of `appliance.store.work.SqlWork`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, or_, select

from appliance.domain.conversation import AT_AN_AGENT, State
from appliance.domain.records import Conversation
from appliance.domain.telephony.outgoing import OUTBOUND
from appliance.domain.work import UnknownError
from appliance.store.floor_models import ConversationRow
from appliance.store.in_transaction import InTransaction
from appliance.store.known import Held, Waiting
from appliance.store.record_rows import RecordRows, values_of
from appliance.store.stirs import stirs

_MOST_INCOMPLETE = 200  # nobody fills in more in one sitting
_ROW = ConversationRow
CONVERSATIONS = RecordRows(
    _ROW, Conversation, made={"state": State, "tags": frozenset, "declined": frozenset}
)
_ADD = CONVERSATIONS.inserting(numbered=True)
_MOMENT = bindparam("moment", type_=_ROW.closes_at.type)
_MOST: BindParameter[int] = bindparam("most")

_WAITING = CONVERSATIONS.which(
    _ROW.state == State.QUEUED.value, order=(_ROW.waiting_since, _ROW.id)
)
_WAITING_IN = CONVERSATIONS.which(
    _ROW.state == State.QUEUED.value, _ROW.queue == bindparam("queue"),
    order=(_ROW.waiting_since, _ROW.id),
)  # fmt: skip
_AT_AGENTS = or_(*(_ROW.state == one.value for one in sorted(AT_AN_AGENT)))
_HELD = CONVERSATIONS.which(_ROW.agent.is_not(None), _AT_AGENTS, order=(_ROW.id,))
_HELD_BY = CONVERSATIONS.which(_ROW.agent == bindparam("agent"), _AT_AGENTS, order=(_ROW.id,))
_WRAPPING = CONVERSATIONS.which(_ROW.state == State.WRAP_UP.value, _ROW.closes_at <= _MOMENT)
_BACK = (_ROW.snoozed_until.is_(None), _ROW.snoozed_until, _ROW.id)
_SNOOZED = CONVERSATIONS.which(_ROW.state == State.SNOOZED.value, order=_BACK)
_SNOOZED_BY = CONVERSATIONS.which(
    _ROW.state == State.SNOOZED.value, _ROW.agent == bindparam("agent"), order=_BACK
)
_WAKING = CONVERSATIONS.which(
    _ROW.state == State.SNOOZED.value, _ROW.snoozed_until <= _MOMENT, order=(_ROW.snoozed_until,)
)
_OF_CONTACT = CONVERSATIONS.asking(
    select(_ROW.id)
    .where(_ROW.contact == bindparam("contact"), _ROW.id < bindparam("before"))
    .order_by(_ROW.id.desc())
    .limit(_MOST)
)
_LATELY = CONVERSATIONS.asking(
    select(_ROW.id)
    .where(
        _ROW.state == State.CLOSED.value, _ROW.queue == bindparam("queue"),
        _ROW.answered_at.is_not(None), _ROW.channel != OUTBOUND,
    )
    .order_by(_ROW.id.desc())
    .limit(_MOST)
)  # fmt: skip


class Conversations(InTransaction):
    """See `appliance.domain.work.Work`."""

    def conversation(self, id: int) -> Conversation:  # noqa: A002
        """Raises UnknownError."""
        found = self._known.conversations.get(id)
        if found is None:
            found = CONVERSATIONS.one(self._line, id)
            if found is None:
                raise UnknownError("conversation", id)
            self._known.conversations[id] = found
        return found

    def add_conversation(self, conversation: Conversation) -> Conversation:
        """Keep a new one; answers it with its id."""
        number = _ADD.rows(self._line, values_of(conversation))[0][0]
        kept = replace(conversation, id=number)
        self._known.changed(None, kept)
        return kept

    def save(self, conversation: Conversation) -> None:
        """Replace what is kept of it."""
        before = self.conversation(conversation.id)
        CONVERSATIONS.change(self._line, before, conversation)
        self._known.changed(before, conversation)

    def waiting(self, queue: int | None = None) -> Sequence[Conversation]:
        """Those in the state queued, oldest first."""
        known = self._known
        if known.waiting is None:
            if queue is not None:
                return CONVERSATIONS.all(self._line, _WAITING_IN, queue=queue)
            known.waiting = Waiting(CONVERSATIONS.all(self._line, _WAITING))
        found = known.waiting.all()
        return found if queue is None else [one for one in found if one.queue == queue]

    def stirs(self) -> bool:
        """Whether anything waits, or the time of anything is over now."""
        return stirs(self._line, self._now)

    def held_by(self, agent: int) -> Sequence[Conversation]:
        """Those that ring at an agent, are spoken in, held or wrapped up."""
        if self._known.held is None:
            return CONVERSATIONS.all(self._line, _HELD_BY, agent=agent)
        return self._known.held.of(agent)

    def loads(self) -> Mapping[int, Sequence[Conversation]]:
        """`held_by` of everybody who has any, by agent."""
        if self._known.held is None:
            self._known.held = Held(CONVERSATIONS.all(self._line, _HELD))
        return self._known.held.all()

    def wrapping_until(self, moment: datetime) -> Sequence[Conversation]:
        """Those in wrap-up whose time is over at ``moment``."""
        return CONVERSATIONS.all(self._line, _WRAPPING, moment=moment)

    def incomplete(
        self, *, agent: int | None = None, contact: int | None = None
    ) -> Sequence[Conversation]:
        """Those that closed with something missing, of an agent, a contact or all; newest first."""
        query = select(_ROW.id).where(_ROW.incomplete)
        if agent is not None:
            query = query.where(_ROW.last_agent == agent)
        if contact is not None:
            query = query.where(_ROW.contact == contact)
        query = query.order_by(_ROW.id.desc()).limit(_MOST_INCOMPLETE)
        found = self.session.execute(query.with_only_columns(*CONVERSATIONS.columns))
        return [CONVERSATIONS.read(list(row)) for row in found]

    def snoozed(self, agent: int | None = None) -> Sequence[Conversation]:
        """Those that an agent set aside, or all; what comes back first is first."""
        if agent is None:
            return CONVERSATIONS.all(self._line, _SNOOZED)
        return CONVERSATIONS.all(self._line, _SNOOZED_BY, agent=agent)

    def snoozed_until(self, moment: datetime) -> Sequence[Conversation]:
        """Those set aside whose time has come at ``moment``."""
        return CONVERSATIONS.all(self._line, _WAKING, moment=moment)

    def conversations_of(self, contact: int, before: int, most: int) -> Sequence[Conversation]:
        """At most ``most`` of a contact's with an id below ``before``, newest first."""
        return CONVERSATIONS.all(
            self._line, _OF_CONTACT, contact=contact, before=before, most=most
        )  # fmt: skip

    def handled_lately(self, queue: int, most: int) -> Sequence[Conversation]:
        """The last ``most`` of a queue that were answered and have ended, newest first."""
        return CONVERSATIONS.all(self._line, _LATELY, queue=queue, most=most)
