"""A queue: whom it serves and how, as an administrator sets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from appliance.domain.capacity import LEAST_WEIGHT, MOST_WEIGHT
from appliance.domain.demand import Rule
from appliance.domain.hours import Hours, always
from appliance.domain.look import Look
from appliance.domain.refusals import InvalidError
from appliance.domain.service_level import Target
from appliance.domain.telephony.policy import PhonePolicy
from appliance.domain.wrap_up import WrapUp


@dataclass(frozen=True)
class Overflow:
    """After ``after`` seconds of waiting it waits in the queue ``to``, as one that came before."""

    after: float
    to: int


@dataclass(frozen=True)
class Queue:
    """One queue.

    Attributes:
        priority: of all its conversations; higher is served first.
        ageing: points of priority that a minute of waiting adds; above 0, so that nobody starves.
        rules: whom a conversation needs, by its tags; see `appliance.domain.demand`.
        ring: seconds that an offer rings.
        sticky: seconds that a conversation waits for the contact's last agent, when that agent is
            at work but not free; 0: it prefers them, and does not wait.
        reserve_after: seconds of waiting after which an agent is kept free for a conversation that
            needs more capacity than anybody has at the moment (a call among chats).
        most_waiting: conversations; one more is refused. 0: no limit.
        overflow: None: it stays. Into a queue that is closed or full nobody is moved.
        closed_to: the queue that takes over out of hours; None: the contact leaves a message.
        weights: what a conversation takes of an agent, by channel, from its arrival on; a channel
            that is missing has its usual weight. See `appliance.domain.capacity`.
        look: of the chat on web pages.
        phone: how callers are treated.
    """

    id: int
    name: str
    hours: Hours = field(default_factory=always)
    priority: int = 0
    ageing: float = 1.0
    rules: Sequence[Rule] = ()
    target: Target = field(default_factory=Target)
    ring: float = 20.0
    sticky: float = 0.0
    reserve_after: float = 10.0
    most_waiting: int = 0
    wrap_up: WrapUp = field(default_factory=WrapUp)
    overflow: Overflow | None = None
    closed_to: int | None = None
    weights: Mapping[str, int] = field(default_factory=dict)
    look: Look = field(default_factory=Look)
    phone: PhonePolicy = field(default_factory=PhonePolicy)

    def __post_init__(self) -> None:
        if self.ageing <= 0:
            raise InvalidError("queue-ageing", queue=self.name)
        if self.ring <= 0:
            raise InvalidError("queue-ring", queue=self.name)
        if self.overflow is not None and self.overflow.to == self.id:
            raise InvalidError("queue-circle", queue=self.name)
        for weight in self.weights.values():
            if not LEAST_WEIGHT <= weight <= MOST_WEIGHT:
                raise InvalidError(
                    "queue-weight", queue=self.name, least=LEAST_WEIGHT, most=MOST_WEIGHT
                )


class Entry(StrEnum):
    """What becomes of a conversation that wants into a queue."""

    TAKEN = "taken"
    ELSEWHERE = "elsewhere"  # the queue that takes over out of hours
    CLOSED = "closed"  # leave a message for the next shift
    FULL = "full"


def entry(queue: Queue, waiting: int, now: datetime) -> Entry:
    """Whether ``queue``, in which ``waiting`` conversations wait, takes one more now."""
    if not queue.hours.open_at(now):
        return Entry.CLOSED if queue.closed_to is None else Entry.ELSEWHERE
    if queue.most_waiting and waiting >= queue.most_waiting:
        return Entry.FULL
    return Entry.TAKEN
