"""Where calls are kept, and what of the core says what is to be done about one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.domain.queue import Queue
from appliance.domain.records import Conversation
from appliance.domain.telephony.call import Call
from appliance.domain.telephony.policy import PhonePolicy


@dataclass(frozen=True)
class CallNow:
    """A call as the core has it.

    Attributes:
        queue: its conversation's.
        others: whether colleagues or supervisors have, or are to have, a part in it.
    """

    call: Call
    conversation: Conversation
    queue: Queue | None
    others: bool

    @property
    def policy(self) -> PhonePolicy:
        """Of its queue."""
        return PhonePolicy() if self.queue is None else self.queue.phone


class KeptCalls(Protocol):
    """Where calls are kept."""

    def of(self, conversation: int) -> Call | None:
        """None: the conversation is no call."""
        ...

    def now(self, conversation: int) -> CallNow | None:
        """The call with what is around it, at one moment; None: it is none, or is over."""
        ...

    def by_channel(self, channel: str) -> Call | None:
        """The call of this caller, who may have asked to be called back."""
        ...

    def going_on(self) -> Sequence[Call]:
        """All that are not over."""
        ...

    def save(self, call: Call) -> None:
        """Keep a new one, or replace what is kept."""
        ...
