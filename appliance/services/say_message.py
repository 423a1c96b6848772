"""Somebody says something in a conversation: once, in order, kept before it is acknowledged."""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.domain.attachment import Attachment
from appliance.domain.conversation import ENDED, Event, State
from appliance.domain.records import Author, Conversation, Message
from appliance.domain.snooze import Because
from appliance.domain.work import Work
from appliance.services.arrive import give_place
from appliance.services.moves import by_agent, by_contact, move
from appliance.services.snooze import wake
from appliance.services.take_part import speaks
from appliance.services.trouble import NotSayableError, NotYoursError

_MOST_KEY = 64  # characters
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")  # all below the space but tab and new line


@dataclass(frozen=True)
class Saying:
    """What is said.

    Attributes:
        key: the sender's own id for it, 1 to 64 characters: a resend has the same.
        agent: who says it; None: the contact.
        internal: a note among agents.
    """

    conversation: int
    key: str
    text: str
    agent: int | None = None
    internal: bool = False


def say_message(
    work: Work, saying: Saying, most_length: int, file: Attachment | None = None
) -> Message:
    """Keep the message, or answer the one that was kept under the same key.

    A contact who speaks in a closed conversation reopens it. A ``file`` needs no words.

    Raises:
        NotSayableError, NotYoursError, UnknownError.
    """
    conversation = work.conversation(saying.conversation)
    _check(saying, most_length, wordless=file is not None)
    kept = work.message(conversation.id, saying.key)
    if kept is not None:
        return kept
    author = Author.CONTACT if saying.agent is None else Author.AGENT
    if not (saying.agent is None or saying.internal or speaks(work, conversation, saying.agent)):
        raise NotYoursError(saying.agent, conversation.id)
    if author is Author.CONTACT and conversation.state in ENDED:
        conversation = _reopen(work, conversation)
    if author is Author.CONTACT and conversation.state is State.SNOOZED:
        conversation = wake(work, conversation, Because.CONTACT)
    message = Message(
        conversation.id, conversation.messages + 1, saying.key, author, saying.text, work.now,
        saying.agent, saying.internal, file,
    )  # fmt: skip
    if file is not None:
        work.attachments.add(file)
    work.add_message(message)
    answers = saying.agent is not None and not saying.internal
    work.save(conversation.spoken(message.number, answers=answers))
    work.tell(
        "message.said",
        who=by_contact(conversation.contact) if saying.agent is None else by_agent(saying.agent),
        conversation=conversation.id, agent=conversation.agent, queue=conversation.queue,
        data={"number": message.number, "internal": message.internal},
        live={
            "key": message.key, "author": str(author), "text": message.text,
            **({"attachment": as_told(file)} if file else {}),
        },
    )  # fmt: skip
    return message


def _reopen(work: Work, before: Conversation) -> Conversation:
    reopened = move(
        work, before, Event.REOPEN, by_contact(before.contact), agent=None, ended_at=None,
        closes_at=None, disposition="", incomplete=False,
    )  # fmt: skip
    if before.queue is None:
        return reopened
    return give_place(work, reopened, before.queue, leaves_message=True).conversation


def as_told(file: Attachment) -> dict[str, object]:
    """A file as those see it who may read the message."""
    return {
        "id": file.id, "name": file.name, "type": file.type, "size": file.size,
        "shown": file.shown,
    }  # fmt: skip


def _check(saying: Saying, most_length: int, *, wordless: bool) -> None:
    if not 1 <= len(saying.key) <= _MOST_KEY:
        raise NotSayableError("message-key", most=_MOST_KEY)
    if not saying.text.strip() and not wordless:
        raise NotSayableError("message-empty")
    if len(saying.text) > most_length:
        raise NotSayableError("message-too-long", length=len(saying.text), most=most_length)
    if _CONTROL.search(saying.text):
        raise NotSayableError("message-signs")
