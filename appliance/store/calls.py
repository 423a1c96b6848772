"""Calls in a transaction; implements `appliance.domain.kept_calls.KeptCalls`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    JSON,
    BindParameter,
    ForeignKey,
    String,
    bindparam,
    exists,
    false,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from appliance.domain.kept_calls import CallNow
from appliance.domain.telephony.call import Call
from appliance.store.chat_models import ParticipantRow
from appliance.store.floor_models import ConversationRow, QueueRow
from appliance.store.group import Group
from appliance.store.guests import GuestRow
from appliance.store.models import Base, Stamp
from appliance.store.record_rows import RecordRows, values_of
from appliance.store.supervisions import SupervisionRow
from appliance.store.work_agents import QUEUE_COLUMNS, queue_of
from appliance.store.work_conversations import CONVERSATIONS


class CallRow(Base):
    """See `appliance.domain.telephony.call.Call`."""

    __tablename__ = "calls"

    conversation: Mapped[int] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(100), unique=True)
    leg: Mapped[str] = mapped_column(String(64))
    leg_agent: Mapped[int | None]
    spoken: Mapped[bool]
    over: Mapped[bool] = mapped_column(index=True)
    version: Mapped[int | None]
    step: Mapped[str] = mapped_column(String(64), server_default="")
    tries: Mapped[int] = mapped_column(server_default="0")
    private_since: Mapped[datetime | None] = mapped_column(Stamp)
    private_until: Mapped[datetime | None] = mapped_column(Stamp)
    number: Mapped[str] = mapped_column(String(41), server_default="")
    reached: Mapped[bool] = mapped_column(server_default=false())
    attempts: Mapped[int] = mapped_column(server_default="0")
    asked_by: Mapped[str] = mapped_column(String(100), server_default="", index=True)
    outcome: Mapped[str] = mapped_column(String(20), server_default="")
    missed: Mapped[str] = mapped_column(String(41), server_default="")
    missed_why: Mapped[str] = mapped_column(String(20), server_default="")
    onward: Mapped[str] = mapped_column(String(64), server_default="")
    muted: Mapped[list[str]] = mapped_column(JSON, server_default="[]")


_CALLS = RecordRows(CallRow, Call, key="conversation", made={"muted": frozenset})
_ADD = _CALLS.inserting()
_CHANNEL: BindParameter[str] = bindparam("channel")
_BY_CHANNEL = _CALLS.which(or_(CallRow.channel == _CHANNEL, CallRow.asked_by == _CHANNEL))
_GOING_ON = _CALLS.which(CallRow.over.is_(False), order=(CallRow.conversation,))
_OTHERS = or_(
    *(
        exists().where(row.conversation == CallRow.conversation)
        for row in (GuestRow, ParticipantRow, SupervisionRow)
    )
)
_NOW = _CALLS.asking(
    select(CallRow.conversation)
    .join(ConversationRow, ConversationRow.id == CallRow.conversation)
    .outerjoin(QueueRow, QueueRow.id == ConversationRow.queue)
    .where(CallRow.conversation == bindparam("conversation"), CallRow.over.is_(False)),
    _OTHERS,
    *QUEUE_COLUMNS,
    *CONVERSATIONS.columns,
)


class SqlCalls:
    """See the interface."""

    def __init__(self, group: Group) -> None:
        self._line, self._known = group.line, group.known.calls

    def of(self, conversation: int) -> Call | None:
        """See the interface."""
        found = self._known.get(conversation)
        if found is None:
            found = _CALLS.one(self._line, conversation)
            if found is not None:
                self._known[conversation] = found
        return found

    def now(self, conversation: int) -> CallNow | None:
        """See the interface."""
        rows = _NOW.rows(self._line, {"conversation": conversation})
        if not rows:
            return None
        others, number, name, form, *more = rows[0][_CALLS.width :]
        queue = None if number is None else queue_of(number, name, form)
        return CallNow(_CALLS.read(rows[0]), CONVERSATIONS.read(more), queue, bool(others))

    def by_channel(self, channel: str) -> Call | None:
        """See the interface."""
        found = _CALLS.all(self._line, _BY_CHANNEL, channel=channel)
        return found[0] if found else None

    def going_on(self) -> list[Call]:
        """See the interface."""
        return _CALLS.all(self._line, _GOING_ON)

    def save(self, call: Call) -> None:
        """See the interface."""
        before = self.of(call.conversation)
        if before is None:
            _ADD.run(self._line, values_of(call))
        else:
            _CALLS.change(self._line, before, call)
        if call.over:
            self._known.pop(call.conversation, None)
        else:
            self._known[call.conversation] = call
