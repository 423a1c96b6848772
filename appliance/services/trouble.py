"""Why something is not done in a conversation, where the table of states has nothing to say."""

from __future__ import annotations


class NotYoursError(Exception):
    """The agent has no part in the conversation."""


class NotSayableError(ValueError):
    """The text is empty, too long, or not text; the sentence says which.

    Attributes:
        kind: the same for programs: ``key``, ``empty``, ``long``, ``signs``.
        most: of characters, where it was too long.
    """

    def __init__(self, kind: str, sentence: str, most: int = 0) -> None:
        super().__init__(sentence)
        self.kind, self.most = kind, most
