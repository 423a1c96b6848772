"""Calls that we make, in the core: one function of a transaction for each thing that happens."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

from appliance.domain.conversation import Event, State
from appliance.domain.records import Conversation
from appliance.domain.telephony.call import Call
from appliance.domain.telephony.callback import CALLBACK
from appliance.domain.telephony.dialling import Dialling
from appliance.domain.telephony.outgoing import OUTBOUND
from appliance.domain.work import Work
from appliance.services.arrive import give_place
from appliance.services.moves import SYSTEM, by_contact, move

OUT = "out-"  # how the channels begin by which we call somebody
NO_PHONE = "no_phone"  # beside what `End` says: no phone of the agent could ring


def new_channel() -> str:
    """Of the next try; it is kept before it rings."""
    return OUT + secrets.token_hex(8)


def ask_back(work: Work, call: Call, number: str, queue: int | None = None) -> None:
    """The caller puts the receiver down and keeps the place.

    ``queue``: where the place is, for who waits in none yet. Does nothing when an agent was
    quicker, or the caller is gone.
    """
    found = work.calls.of(call.conversation)
    conversation = work.conversation(call.conversation)
    if found is None or found.over or found.number:
        return
    if queue is not None and conversation.state is State.NEW:
        conversation = give_place(work, conversation, queue, leaves_message=True).conversation
    if conversation.state is not State.QUEUED:
        return
    work.calls.save(
        replace(
            found, channel=new_channel(), asked_by=found.channel, number=number, step="", tries=0,
            leg="", leg_agent=None, spoken=False,
        )
    )  # fmt: skip
    move(
        work, replace(conversation, channel=CALLBACK), Event.CALLBACK,
        by_contact(conversation.contact),
    )  # fmt: skip


def dialled(work: Work, call: Call) -> None:
    """The number is about to be called, because the agent has picked up."""
    conversation = work.conversation(call.conversation)
    work.calls.save(replace(call, spoken=True))
    work.tell(
        "conversation.dial", who=SYSTEM, conversation=conversation.id, agent=conversation.agent,
        queue=conversation.queue,
        data={"channel": conversation.channel, "try": call.attempts + 1},
    )  # fmt: skip


def reached(work: Work, call: Call) -> None:
    """Somebody answered there."""
    conversation = work.conversation(call.conversation)
    found = work.calls.of(call.conversation) or call
    work.calls.save(replace(found, reached=True, outcome=""))
    if conversation.channel == OUTBOUND:
        answered = replace(conversation, answered_at=work.now, last_agent=conversation.agent)
        work.save(answered)
    work.tell(
        "conversation.reached", who=SYSTEM, conversation=conversation.id,
        agent=conversation.agent, queue=conversation.queue, data={"channel": conversation.channel},
    )  # fmt: skip


def unreached(work: Work, call: Call, because: str, rules: Dialling) -> None:
    """The number, or the agent, is gone before they spoke: again later, or never."""
    conversation = work.conversation(call.conversation)
    tries = call.attempts + 1
    work.calls.save(replace(call, attempts=tries, channel=new_channel(), outcome=because))
    if conversation.channel == OUTBOUND:
        _in_vain(work, conversation, because)
        return
    pause = rules.pause_after(tries)
    told: dict[str, object] = {"because": because, "tries": tries}
    if pause is None:
        move(work, conversation, Event.UNREACHED, SYSTEM, agent=None, ended_at=work.now, data=told)
    else:
        again = work.now + timedelta(minutes=pause)
        move(
            work, conversation, Event.RETRY, SYSTEM, agent=None, only_agent=None, not_before=again,
            declined=frozenset(), data={**told, "not_before": again.isoformat()},
        )  # fmt: skip
    work.participants.remove(conversation.id)


def _in_vain(work: Work, conversation: Conversation, because: str) -> None:
    """The agent who called says what follows, unless the call was none at all."""
    if because == NO_PHONE:
        move(
            work, conversation, Event.UNREACHED, SYSTEM, agent=None, ended_at=work.now,
            data={"because": because},
        )  # fmt: skip
        return
    queue = None if conversation.queue is None else work.queue(conversation.queue)
    move(
        work, conversation, Event.END, SYSTEM, ended_at=work.now,
        closes_at=None if queue is None else queue.wrap_up.closes_at(work.now),
        data={"because": because},
    )  # fmt: skip


def renewed(work: Work, call: Call) -> None:
    """The number is called by another channel the next time."""
    work.calls.save(replace(call, channel=new_channel()))
