"""A call arrives: it becomes a conversation, once, however often it is heard of."""

from __future__ import annotations

from appliance.domain.capacity import FULL
from appliance.domain.contact import Identity
from appliance.domain.telephony.call import Call
from appliance.domain.telephony.provider import Channel
from appliance.domain.work import Work
from appliance.services.arrive import Arrival, arrive

PHONE = "phone"  # the channel's name in conversations and reports


def take_call(work: Work, channel: Channel, queue: int) -> Call:
    """Keep the call and its conversation in one transaction; its place is that of any channel."""
    known = work.calls.by_channel(channel.id)
    if known is not None:
        return known
    # Who withholds the number is somebody new each time.
    identity = (
        Identity("number", channel.caller)
        if channel.caller
        else Identity("call", channel.id, sure=False)
    )
    arrived = arrive(work, Arrival(PHONE, queue, [identity], FULL, name=channel.caller))
    call = Call(arrived.conversation.id, channel.id)
    work.calls.save(call)
    return call
