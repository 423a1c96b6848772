"""A note to whoever takes a conversation next."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from appliance.domain.work import Work
from appliance.services.say_message import Saying, say_message


@dataclass(frozen=True)
class Word:
    """The note, which may be empty, and the longest that a message may be, in characters."""

    text: str = ""
    most_length: int = 4000


NOTHING = Word()


def leave_note(work: Work, conversation: int, agent: int, word: Word) -> None:
    """Keep it as a message that the contact never sees. Raises NotSayableError, UnknownError."""
    if word.text.strip():
        key = f"note.{secrets.token_hex(16)}"
        saying = Saying(conversation, key, word.text, agent, internal=True)
        say_message(work, saying, word.most_length)
