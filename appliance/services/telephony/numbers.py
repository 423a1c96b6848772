"""Numbers outside in a call that goes on: asked in, sent out, left alone with the caller.

They are guests as colleagues are (`appliance.domain.telephony.guests`); which may be called is
decided by the same rules as for calls that begin with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from appliance.domain.conversation import SPOKEN_IN, Event, State
from appliance.domain.participants import MOST_COLLEAGUES, Part
from appliance.domain.records import Conversation
from appliance.domain.telephony.call import Call
from appliance.domain.telephony.dialling import Dialling
from appliance.domain.telephony.guests import Guest
from appliance.domain.work import Work
from appliance.services import take_part
from appliance.services.moves import SYSTEM, by_agent, move
from appliance.services.take_part import NotInvitedError
from appliance.services.telephony.call_out import check_answers
from appliance.services.telephony.outgoing import new_channel

# Beside what `End` says of a number that was not reached.
BY_AGENT = "agent"  # sent out, or the agent has the caller back
ENDED = "ended"  # the call has ended before


def numbers_in(work: Work, conversation: int) -> Sequence[Guest]:
    """The numbers that take part in a call, or ring."""
    return [one for one in work.guests.of(conversation) if one.number and not one.leaving]


def may_ask_number(work: Work, conversation: int, agent: int, number: str, rules: Dialling) -> str:
    """The number as it is dialled, if ``agent`` could ask it into the call now.

    Raises:
        NotInvitedError, NotCalledError, NotYoursError, NumberRefusedError, UnknownError.
    """
    plain = rules.judge(number)
    check_answers(work)
    found = take_part.mine(work, conversation, agent)
    call = work.calls.of(conversation)
    if call is None or call.over or call.outgoing or not call.spoken:
        raise NotInvitedError("number-no-call")
    if found.state not in SPOKEN_IN:
        raise NotInvitedError("number-no-call")
    there = numbers_in(work, conversation)
    if any(one.number == plain for one in there):
        raise NotInvitedError("number-there", number=plain)
    if any(one.blind for one in there):
        raise NotInvitedError("number-transferring")
    colleagues = [one for one in work.participants.of(conversation) if one.part is Part.COLLEAGUE]
    if len(colleagues) + len(there) >= MOST_COLLEAGUES:
        raise NotInvitedError("number-too-many", most=MOST_COLLEAGUES)
    return plain


def ask_number(
    work: Work, conversation: int, agent: int, number: str, rules: Dialling, *, blind: bool = False
) -> Conversation:
    """Call it, and let them into the room; ``blind``: the caller goes on with them alone.

    Raises as `may_ask_number` does.
    """
    plain = may_ask_number(work, conversation, agent, number, rules)
    found = work.conversation(conversation)
    call = _call(work, conversation)
    work.calls.save(replace(call, missed="", missed_why=""))
    work.guests.save(Guest(conversation, None, new_channel(), number=plain, blind=blind))
    if blind and found.state is not State.HELD:
        found = move(work, found, Event.HOLD, by_agent(agent))
    _tell(work, "number_asked", found, by_agent(agent), number=plain, blind=blind)
    return found


def send_number_out(work: Work, conversation: int, agent: int, number: str) -> Conversation:
    """It is not called any more, or put down. Raises NotInvitedError, NotYoursError."""
    found = take_part.mine(work, conversation, agent)
    work.guests.save(replace(_one(work, conversation, number), leaving=True))
    return found


def hand_over_to_number(work: Work, conversation: int, agent: int, number: str) -> Conversation:
    """The caller goes on with a number that answered, and the agent leaves the call.

    Raises NotInvitedError, NotYoursError, IllegalTransitionError.
    """
    found = take_part.mine(work, conversation, agent)
    guest = _one(work, conversation, number)
    if not guest.spoken or found.state not in SPOKEN_IN:
        raise NotInvitedError("hand-over-early", name=guest.number)
    return _leave_alone(work, found, guest)


def overdue(conversation: Conversation, now: datetime, rules: Dialling) -> bool:
    """Whether caller and number, left alone when the conversation ended, have spoken too long."""
    since = conversation.ended_at
    return since is not None and now - since >= timedelta(minutes=rules.onward)


# What the switch tells, done in the core.


def answered(work: Work, guest: Guest) -> None:
    """Somebody answered there, and is about to join the room."""
    if not _is_kept(work, guest):
        return
    work.guests.save(replace(guest, spoken=True))
    if guest.spoken:
        return
    found = work.conversation(guest.conversation)
    if guest.agent is None:
        _tell(work, "number_reached", found, SYSTEM, number=guest.number)
        return
    work.tell(
        "conversation.pick_up", who=by_agent(guest.agent), conversation=found.id,
        agent=guest.agent, queue=found.queue, data={"channel": found.channel, "at_phone": True},
    )  # fmt: skip


def hand_on(work: Work, guest: Guest) -> None:
    """Somebody answered a blind transfer."""
    found = work.conversation(guest.conversation)
    if not _is_kept(work, guest) or not guest.number_wanted(found.state):
        return
    _tell(work, "number_reached", found, SYSTEM, number=guest.number)
    _leave_alone(work, found, guest)


def gone(work: Work, guest: Guest, because: str, *, phone_gone: bool) -> None:
    """They take no part any more; a blind transfer brings the caller back to the agent.

    ``phone_gone``: the agent has put the phone down meanwhile, so that it is to ring again.
    """
    if not _is_kept(work, guest):
        return
    work.guests.remove(guest)
    found, call = work.conversation(guest.conversation), _call(work, guest.conversation)
    _tell(work, "number_gone", found, SYSTEM, number=guest.number, because=because)
    if not guest.spoken and because not in {BY_AGENT, ENDED}:
        call = replace(call, missed=guest.number, missed_why=because)
    if guest.blind and found.state is State.HELD:
        move(work, found, Event.RESUME, SYSTEM)
        if phone_gone:
            call = replace(call, leg="", leg_agent=None, spoken=False)
    work.calls.save(call)


def _leave_alone(work: Work, found: Conversation, guest: Guest) -> Conversation:
    work.guests.remove(guest)
    work.calls.save(replace(_call(work, found.id), onward=guest.leg))
    queue = None if found.queue is None else work.queue(found.queue)
    return move(
        work, found, Event.END, SYSTEM if found.agent is None else by_agent(found.agent),
        ended_at=work.now, closes_at=None if queue is None else queue.wrap_up.closes_at(work.now),
        snoozed_until=None, woken="", data={"number": guest.number},
    )  # fmt: skip


def _one(work: Work, conversation: int, number: str) -> Guest:
    found = next((one for one in numbers_in(work, conversation) if one.number == number), None)
    if found is None:
        raise NotInvitedError("number-not-there", number=number[:40])
    return found


def _is_kept(work: Work, guest: Guest) -> bool:
    """It may have been left alone with the caller, or handed the call over, meanwhile."""
    return any(one.leg == guest.leg for one in work.guests.of(guest.conversation))


def _call(work: Work, conversation: int) -> Call:
    call = work.calls.of(conversation)
    assert call is not None  # noqa: S101 - guests are in calls alone
    return call


def _tell(work: Work, what: str, found: Conversation, who: str, **data: object) -> None:
    work.tell(
        f"conversation.{what}", who=who, conversation=found.id, agent=found.agent,
        queue=found.queue, data={"channel": found.channel, **data},
    )  # fmt: skip
