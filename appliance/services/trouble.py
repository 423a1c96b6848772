"""Why something is not done in a conversation, where the table of states has nothing to say."""

from __future__ import annotations

from appliance.domain.refusals import InvalidError, RefusalError


class NotYoursError(RefusalError):
    """The agent has no part in the conversation."""

    def __init__(self, agent: int, conversation: int) -> None:
        super().__init__("not-yours", agent=agent, conversation=conversation)


class NotSayableError(InvalidError):
    """The text is empty, too long, or not text; the kind says which."""
