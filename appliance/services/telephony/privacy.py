"""An agent lets what is said now be left out of the recording: card data."""

from __future__ import annotations

from dataclasses import replace

from appliance.domain.records import Conversation
from appliance.domain.work import UnknownError, Work
from appliance.services.moves import by_agent
from appliance.services.trouble import NotYoursError


def speak_in_private(work: Work, conversation: int, agent: int, *, on: bool) -> Conversation:
    """From now on, or (``on`` false) no more. Raises NotYoursError, UnknownError: it is no call."""
    found = work.conversation(conversation)
    if found.agent != agent:
        raise NotYoursError(agent, conversation)
    call = work.calls.of(conversation)
    if call is None:
        raise UnknownError("call", conversation)
    work.calls.save(replace(call, private=on))
    work.tell(
        "conversation.private", who=by_agent(agent), conversation=conversation, agent=agent,
        queue=found.queue, data={"on": on, "channel": found.channel},
    )  # fmt: skip
    return found
