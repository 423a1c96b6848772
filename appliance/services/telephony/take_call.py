"""A call arrives: it becomes a conversation, once, however often it is heard of."""

from __future__ import annotations

from dataclasses import replace

from appliance.domain.capacity import FULL
from appliance.domain.contact import Identity
from appliance.domain.conversation import State
from appliance.domain.telephony.call import Call
from appliance.domain.telephony.channels import PHONE
from appliance.domain.telephony.flow import Running, begin
from appliance.domain.telephony.provider import Channel
from appliance.domain.work import Work
from appliance.services import arrive
from appliance.services.arrive import Arrival
from appliance.services.moves import SYSTEM
from appliance.services.offer_waiting import offer_waiting
from appliance.services.telephony.ringer import with_leg
from appliance.services.telephony.walk import is_open


def take_call(
    work: Work, channel: Channel, queue: int, running: Running | None = None, *, there: bool = False
) -> Call:
    """Keep the call and its conversation in one transaction.

    It goes through the flow first, if there is one; else its place is that of any channel. When it
    is offered at once, the phone that is to ring is kept with it: a commit less. So the queues were
    looked at, and need not be after it.

    ``there``: the caller is at the switch at this moment. If their call was over, because the
    switch was lost for long, it begins anew.
    """
    known = work.calls.by_channel(channel.id)
    if known is not None and not (there and known.over):
        return known
    if known is not None:
        before = f"{known.channel}~{known.conversation}"  # one call has the channel
        work.calls.save(replace(known, channel=before, asked_by=""))
    # Who withholds the number is somebody new each time.
    identity = (
        Identity("number", channel.caller)
        if channel.caller
        else Identity("call", channel.id, sure=False)
    )
    arrival = Arrival(PHONE, queue, [identity], FULL, name=channel.caller)
    if running is None:
        call = _offered(work, Call(arrive.arrive(work, arrival).conversation.id, channel.id))
    else:
        call = _into(work, arrival, channel, running)
    work.calls.save(call)
    return call


def _offered(work: Work, call: Call) -> Call:
    offer_waiting(work)
    now = work.conversation(call.conversation)
    return with_leg(call, now.agent) if now.state is State.OFFERED else call


def _into(work: Work, arrival: Arrival, channel: Channel, running: Running) -> Call:
    conversation = arrive.begin(work, arrival)
    work.tell(
        "conversation.flow", who=SYSTEM, conversation=conversation.id,
        data={"flow": running.name, "version": running.version},
    )  # fmt: skip
    at = begin(running.flow, is_open(work))
    return Call(conversation.id, channel.id, version=running.id, step=at.step)
