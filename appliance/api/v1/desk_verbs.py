"""What an agent does in a conversation: accept, decline, speak, hold, transfer, end, close."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

from pydantic import AwareDatetime, Field

from appliance.api.v1.shapes import (
    ConversationShape,
    MessageShape,
    Strict,
    conversation_shape,
    message_shape,
)
from appliance.api.v1.verbs import Here, Nothing, Verb
from appliance.domain.records import Conversation
from appliance.domain.refusals import InvalidError
from appliance.domain.roles import HELP_OTHERS
from appliance.domain.work import Work
from appliance.services import reassign, talk
from appliance.services.answer_offer import accept_offer, decline_offer
from appliance.services.notes import Word
from appliance.services.say_message import Saying, say_message
from appliance.services.snooze import snooze, take_back


class MessageBody(Strict):
    """A message; the same `key` again is the same message."""

    key: str
    text: str
    internal: bool = Field(default=False, description="A note that the contact never sees.")


class TransferBody(Strict):
    """Where to: one of the two."""

    queue: int | None = None
    agent: int | None = None
    note: str = Field("", description="For whoever takes it next; the contact never sees it.")


class CloseBody(Strict):
    """How it went; required fields are filled in before, at the card and at the contact."""

    disposition: str = Field("", max_length=200)


class SnoozeBody(Strict):
    """Until when."""

    until: AwareDatetime | None = Field(
        None, description="When it comes back by itself; null: when the contact writes."
    )


def desk_verbs(
    most_length: Callable[[], int], most_snooze: Callable[[], timedelta]
) -> tuple[Verb, ...]:
    """What an agent can do in a conversation.

    Args:
        most_length: of a message, in characters.
        most_snooze: for how long it can be set aside.
    """

    def set_aside(work: Work, here: Here, body: SnoozeBody) -> dict[str, object]:
        until = body.until and body.until.astimezone(UTC)
        return conversation_shape(snooze(work, here.conversation, here.by, until, most_snooze()))

    def say(work: Work, here: Here, body: MessageBody) -> dict[str, object]:
        saying = Saying(here.conversation, body.key, body.text, here.by, body.internal)
        return message_shape(say_message(work, saying, most_length()))

    transfer = _given(talk.transfer_to_queue, talk.transfer_to_agent, most_length)
    given = _given(reassign.reassign_to_queue, reassign.reassign_to_agent, most_length)
    shape = ConversationShape
    return (
        Verb("say", "/messages", "Say something", MessageShape, say, MessageBody, short=True),
        Verb("accept", "/accept", "Take what rings at me", shape, _plain(accept_offer)),
        Verb("decline", "/decline", "Do not take it", shape, _plain(decline_offer)),
        Verb("hold", "/hold", "Let the contact wait", shape, _plain(talk.hold)),
        Verb("resume", "/resume", "Speak again", shape, _plain(talk.resume)),
        Verb("snooze", "/snooze", "Set it aside for a while", shape, set_aside, SnoozeBody),
        Verb("wake", "/wake", "Go on with what I set aside", shape, _plain(take_back)),
        Verb("end", "/end", "End it", shape, _plain(talk.end)),
        Verb("take_over", "/take-over", "Go on in its agent's stead", shape,
             _plain(talk.take_over), permission=HELP_OTHERS),
        Verb("take", "/take", "Answer it out of its queue", shape,
             _plain(reassign.take_from_queue), permission=HELP_OTHERS),
        Verb("reassign", "/reassign", "Give another's to a queue or an agent", shape,
             given, TransferBody, permission=HELP_OTHERS),
        Verb("transfer", "/transfer", "Give it away", shape, transfer, TransferBody),
        Verb("close", "/close", "The work after it is done", shape, _close, CloseBody),
    )  # fmt: skip


def _plain(
    use_case: Callable[[Work, int, int], Conversation],
) -> Callable[[Work, Here, Nothing], dict[str, object]]:
    """A use case that needs nothing but the conversation and who asks."""
    return lambda work, here, _body: conversation_shape(use_case(work, here.conversation, here.by))


_Give = Callable[[Work, int, int, int, Word], Conversation]


def _given(
    to_queue: _Give, to_agent: _Give, most_length: Callable[[], int]
) -> Callable[[Work, Here, Any], dict[str, object]]:
    def run(work: Work, here: Here, body: TransferBody) -> dict[str, object]:
        note = Word(body.note, most_length())
        if body.queue is not None and body.agent is None:
            moved = to_queue(work, here.conversation, here.by, body.queue, note)
        elif body.agent is not None and body.queue is None:
            moved = to_agent(work, here.conversation, here.by, body.agent, note)
        else:
            raise InvalidError("transfer-where")
        return conversation_shape(moved)

    return run


def _close(work: Work, here: Here, body: CloseBody) -> dict[str, object]:
    return conversation_shape(talk.close(work, here.conversation, here.by, body.disposition))
