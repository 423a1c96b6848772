"""What is said now is left out of the recording: card data. It ends by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from appliance.domain.conversation import SPOKEN_IN
from appliance.domain.records import Conversation
from appliance.domain.refusals import InvalidError
from appliance.domain.telephony.call import Call
from appliance.domain.work import Work
from appliance.services.moves import SYSTEM, by_agent
from appliance.services.trouble import NotYoursError


class NotPrivateError(InvalidError):
    """There is nothing to be left out of."""


def may_speak_in_private(work: Work, conversation: int, agent: int) -> Conversation:
    """The conversation. Raises NotYoursError, NotPrivateError: it is no call that goes on."""
    found = work.conversation(conversation)
    if found.agent != agent:
        raise NotYoursError(agent, conversation)
    call = work.calls.of(conversation)
    if call is None or call.over or found.state not in SPOKEN_IN:
        raise NotPrivateError("private-no-call")
    return found


def speak_in_private(
    work: Work, conversation: int, agent: int, *, on: bool, most: timedelta
) -> Call:
    """From now on, for ``most``, or (``on`` false) no more. Once more: for ``most`` from now.

    Raises as `may_speak_in_private`.
    """
    found = may_speak_in_private(work, conversation, agent)
    call = work.calls.of(conversation)
    assert call is not None  # noqa: S101 - looked at above
    if not on:
        return _end(work, call, found, by_agent(agent))
    since = call.private_since or work.now
    now = replace(call, private_since=since, private_until=work.now + most)
    work.calls.save(now)
    _tell(work, found, by_agent(agent), on=True)
    return now


def private_no_more(work: Work, conversation: int) -> bool:
    """End it where its time is over, or nobody speaks any more; whether it was ended."""
    call = work.calls.of(conversation)
    if call is None or call.private_until is None:
        return False
    found = work.conversation(conversation)
    if found.state in SPOKEN_IN and work.now < call.private_until:
        return False
    _end(work, call, found, SYSTEM)
    return True


def _end(work: Work, call: Call, found: Conversation, who: str) -> Call:
    if not call.private:
        return call
    now = replace(call, private_since=None, private_until=None)
    work.calls.save(now)
    _tell(work, found, who, on=False)
    return now


def _tell(work: Work, found: Conversation, who: str, *, on: bool) -> None:
    work.tell(
        "conversation.private", who=who, conversation=found.id, agent=found.agent,
        queue=found.queue, data={"on": on, "channel": found.channel},
    )  # fmt: skip
