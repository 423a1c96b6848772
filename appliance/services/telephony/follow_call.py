"""What the switch tells of a call, done in the core: one function of a transaction for each step.

What changed meanwhile (the offer was withdrawn, the agent has ended it) raises what the use cases
raise; whoever asked looks afresh.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from appliance.domain.conversation import Event
from appliance.domain.records import Conversation
from appliance.domain.telephony.call import Call, Step
from appliance.domain.work import Work
from appliance.services import talk
from appliance.services.answer_offer import accept_offer, decline_offer, miss_offer
from appliance.services.moves import SYSTEM, move
from appliance.services.telephony.supervise import leave_call

SWITCH_LOST = "switch_lost"  # the outcome of a call, and why its conversation ended


def _leave(work: Work, call: Call) -> None:
    talk.leave(work, call.conversation)


def _accept(work: Work, call: Call) -> None:
    accept_offer(work, call.conversation, _agent(call), at_phone=True)
    work.calls.save(replace(call, spoken=True))


def _decline(work: Work, call: Call) -> None:
    agent = _agent(call)
    work.calls.save(_without_leg(call))
    decline_offer(work, call.conversation, agent)


def _miss(work: Work, call: Call) -> None:
    conversation = work.conversation(call.conversation)
    work.calls.save(_without_leg(call))
    if conversation.agent is not None:
        miss_offer(work, conversation.id, conversation.agent)


def _end_by_caller(work: Work, call: Call) -> None:
    talk.end(work, call.conversation, None)


def _end_by_agent(work: Work, call: Call) -> None:
    talk.end(work, call.conversation, _agent(call))


def _lose_agent(work: Work, call: Call) -> None:
    work.calls.save(_without_leg(call))
    before: Conversation = work.conversation(call.conversation)
    move(
        work, before, Event.LOSE_AGENT, SYSTEM, agent=None, only_agent=None,
        declined=frozenset() if before.agent is None else frozenset({before.agent}),
    )  # fmt: skip


def _leave_lost(work: Work, call: Call) -> None:
    talk.leave(work, call.conversation, because=SWITCH_LOST)
    work.calls.save(replace(call, outcome=SWITCH_LOST))


def _end_lost(work: Work, call: Call) -> None:
    talk.end(work, call.conversation, None, because=SWITCH_LOST)
    work.calls.save(replace(call, outcome=SWITCH_LOST))


IN_THE_CORE: Mapping[Step, Callable[[Work, Call], None]] = {
    Step.LEAVE: _leave,
    Step.ACCEPT: _accept,
    Step.DECLINE: _decline,
    Step.MISS: _miss,
    Step.END_BY_CALLER: _end_by_caller,
    Step.END_BY_AGENT: _end_by_agent,
    Step.LOSE_AGENT: _lose_agent,
}

# Instead of these, when nobody has put a receiver down, but the switch was lost.
LOST: Mapping[Step, Callable[[Work, Call], None]] = {
    Step.LEAVE: _leave_lost,
    Step.END_BY_CALLER: _end_lost,
}


def written_off(work: Work, call: Call) -> None:
    """It is over, and nothing of it can be ended at a switch that is not there."""
    for guest in work.guests.of(call.conversation):
        work.guests.remove(guest)
    for one in work.supervisions.of(call.conversation):
        leave_call(work, call.conversation, one.agent, by_system=True)
    over(work, call)


def without_leg(work: Work, call: Call) -> Call:
    """The phone is no part of it any more."""
    work.calls.save(_without_leg(call))
    return _without_leg(call)


def over(work: Work, call: Call) -> None:
    """Nothing of it is left at the switch."""
    work.calls.save(replace(_without_leg(call), over=True, muted=frozenset()))


def _without_leg(call: Call) -> Call:
    return replace(call, leg="", leg_agent=None, spoken=False)


def _agent(call: Call) -> int:
    if call.leg_agent is None:
        raise ValueError(f"the call {call.conversation} has no agent's phone")
    return call.leg_agent
