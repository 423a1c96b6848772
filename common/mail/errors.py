"""What a mail server may answer, as far as different answers call for different acts."""

from __future__ import annotations

from common.errors import NetworkError, RemoteError


class TooLargeError(RemoteError):
    """The relay takes no mail of this size (552, 5.3.4, 5.2.3, or its SIZE).

    ``limit`` is what it takes, in bytes; 0 when it did not say.
    """

    def __init__(self, sentence: str, limit: int = 0) -> None:
        super().__init__(sentence)
        self.limit = limit


class NoSuchRecipientError(RemoteError):
    """The relay knows nobody of this address (5.1.1): only people can mend that."""


class UncertainError(NetworkError):
    """The line was cut after the mail had begun to leave: the other side may have it."""
