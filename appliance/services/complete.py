"""What must be filled in before a conversation is over, and what is still missing afterwards.

Timed after-call work ends by itself, filled in or not: the agent is free again. What is missing
then stays marked, with the agent who had it and for supervisors, until it is filled in.
"""

from __future__ import annotations

from dataclasses import replace

from appliance.domain.custom_fields import CustomField, Subject, missing
from appliance.domain.records import Conversation
from appliance.domain.work import Work


def open_field(work: Work, conversation: Conversation) -> CustomField | None:
    """The first that is required and not filled in, of the conversation or of its contact."""
    known = work.fields.all()
    if not any(one.required for one in known):
        return None
    return missing(known, Subject.CONVERSATION, conversation.fields) or missing(
        known, Subject.CONTACT, work.desk.contact(conversation.contact).fields
    )


def settled(work: Work, conversation: Conversation) -> Conversation:
    """Without the mark, if nothing is missing any more. It is not saved."""
    if conversation.incomplete and open_field(work, conversation) is None:
        return replace(conversation, incomplete=False)
    return conversation
