"""The states of one conversation, whatever its channel, and nothing else.

A conversation is one contact's exchange: a call, a chat, later an e-mail. The core moves it along
`TABLE` alone; a pair that is missing there is illegal. The state is changed in one transaction with
the event that tells it, so that whoever reads the events can rebuild every state.

============ =====================================================================================
state        what it means
============ =====================================================================================
new          it has arrived; what it is about and where it belongs is not decided yet
queued       it waits in a queue, at the place that its age and priority give it
offered      it rings at one agent, who is reserved for it
active       contact and agent speak
held         the contact waits, the agent stays theirs
transferred  the agent has given it away; it waits for its next queue or agent
snoozed      set aside by its agent until a time or until the contact writes; it takes no capacity
wrap_up      contact and agent have parted; the agent finishes the notes
closed       done; it keeps its history
abandoned    the contact left before anybody answered
reopened     a closed or abandoned one in which the contact speaks again, as one conversation
============ =====================================================================================

**A place is never lost.** The time since which a conversation waits is set when it is queued, and
stays when an offer fails or an agent's connection is gone: it comes back to where it was.

**Moving on is not a state.** Overflow into another queue and an offer to the next agent leave the
contact's waiting time as it is; they are events.
"""

from __future__ import annotations

from enum import StrEnum

from appliance.domain.transitions import Table


class State(StrEnum):
    """Where a conversation is; the words stand in the database, the events and the API."""

    NEW = "new"
    QUEUED = "queued"
    OFFERED = "offered"
    ACTIVE = "active"
    HELD = "held"
    SNOOZED = "snoozed"
    TRANSFERRED = "transferred"
    WRAP_UP = "wrap_up"
    CLOSED = "closed"
    ABANDONED = "abandoned"
    REOPENED = "reopened"


class Event(StrEnum):
    """What happened to it."""

    QUEUE = "queue"  # it got its place in a queue
    REASSIGN = "reassign"  # a supervisor gave it to another queue or agent while it waited
    OVERFLOW = "overflow"  # it waits in another queue from now on, as long as before
    REFUSE = "refuse"  # no queue could take it: full, closed, blocked
    CALL_OUT = "call_out"  # an agent calls the contact
    CALLBACK = "callback"  # the contact will be called back, and keeps the place
    OFFER = "offer"  # it rings at an agent
    MISS = "miss"  # the agent did not answer in time
    WITHDRAW = "withdraw"  # it could not ring, which is nobody's fault
    DECLINE = "decline"  # the agent said no
    ACCEPT = "accept"  # the agent answered
    TAKE = "take"  # an agent or supervisor picked it out of the queue
    LEAVE = "leave"  # the contact left before anybody answered
    HOLD = "hold"
    RESUME = "resume"
    SNOOZE = "snooze"  # its agent sets it aside
    WAKE = "wake"  # it is back at its agent; back in the queue it is `QUEUE`
    TRANSFER = "transfer"  # to a queue or to an agent
    TAKE_OVER = "take_over"  # a supervisor goes on in the agent's stead
    LOSE_AGENT = "lose_agent"  # the agent's desk is gone for good
    RETRY = "retry"  # the contact was not reached, and is called again later
    UNREACHED = "unreached"  # the contact was not reached, and is not called any more
    END = "end"  # one of the two has ended it
    CLOSE = "close"  # the after-call work is done
    REOPEN = "reopen"  # the contact speaks again


TABLE: Table[State, Event] = {
    (State.NEW, Event.QUEUE): State.QUEUED,
    (State.NEW, Event.REFUSE): State.CLOSED,
    (State.NEW, Event.LEAVE): State.ABANDONED,
    (State.NEW, Event.CALL_OUT): State.ACTIVE,
    (State.QUEUED, Event.OVERFLOW): State.QUEUED,
    (State.QUEUED, Event.REASSIGN): State.QUEUED,
    (State.QUEUED, Event.CALLBACK): State.QUEUED,
    (State.OFFERED, Event.REASSIGN): State.QUEUED,
    (State.QUEUED, Event.OFFER): State.OFFERED,
    (State.QUEUED, Event.TAKE): State.ACTIVE,
    (State.QUEUED, Event.LEAVE): State.ABANDONED,
    (State.OFFERED, Event.ACCEPT): State.ACTIVE,
    (State.OFFERED, Event.MISS): State.QUEUED,
    (State.OFFERED, Event.WITHDRAW): State.QUEUED,
    (State.OFFERED, Event.DECLINE): State.QUEUED,
    (State.OFFERED, Event.LEAVE): State.ABANDONED,
    (State.ACTIVE, Event.HOLD): State.HELD,
    (State.ACTIVE, Event.TRANSFER): State.TRANSFERRED,
    (State.ACTIVE, Event.TAKE_OVER): State.ACTIVE,
    (State.ACTIVE, Event.LOSE_AGENT): State.QUEUED,
    (State.ACTIVE, Event.SNOOZE): State.SNOOZED,
    (State.ACTIVE, Event.RETRY): State.QUEUED,
    (State.ACTIVE, Event.UNREACHED): State.CLOSED,
    (State.ACTIVE, Event.END): State.WRAP_UP,
    (State.HELD, Event.RESUME): State.ACTIVE,
    (State.HELD, Event.TRANSFER): State.TRANSFERRED,
    (State.HELD, Event.TAKE_OVER): State.ACTIVE,
    (State.HELD, Event.LOSE_AGENT): State.QUEUED,
    (State.HELD, Event.SNOOZE): State.SNOOZED,
    (State.HELD, Event.RETRY): State.QUEUED,
    (State.HELD, Event.UNREACHED): State.CLOSED,
    (State.HELD, Event.END): State.WRAP_UP,
    (State.SNOOZED, Event.SNOOZE): State.SNOOZED,  # until another time
    (State.SNOOZED, Event.WAKE): State.ACTIVE,
    (State.SNOOZED, Event.QUEUE): State.QUEUED,
    (State.SNOOZED, Event.TRANSFER): State.TRANSFERRED,
    (State.SNOOZED, Event.TAKE_OVER): State.ACTIVE,
    (State.SNOOZED, Event.END): State.WRAP_UP,
    (State.TRANSFERRED, Event.QUEUE): State.QUEUED,
    (State.TRANSFERRED, Event.OFFER): State.OFFERED,
    (State.TRANSFERRED, Event.END): State.CLOSED,
    (State.WRAP_UP, Event.CLOSE): State.CLOSED,
    (State.CLOSED, Event.REOPEN): State.REOPENED,
    (State.ABANDONED, Event.REOPEN): State.REOPENED,
    (State.REOPENED, Event.QUEUE): State.QUEUED,
    (State.REOPENED, Event.OFFER): State.OFFERED,
    (State.REOPENED, Event.REFUSE): State.CLOSED,
    (State.REOPENED, Event.LEAVE): State.ABANDONED,
}

# The contact waits for a person.
WAITING = frozenset({State.NEW, State.QUEUED, State.OFFERED, State.TRANSFERRED, State.REOPENED})
# Contact and agent have each other, be it on hold.
SPOKEN_IN = frozenset({State.ACTIVE, State.HELD})
# An agent has it, and it takes of the agent's capacity.
AT_AN_AGENT = frozenset({State.OFFERED, State.ACTIVE, State.HELD, State.WRAP_UP})
# Nothing more happens by itself.
ENDED = frozenset({State.CLOSED, State.ABANDONED})
