"""How a finished mail leaves; one file for each kind."""

from __future__ import annotations

from typing import Protocol


class MailTransport(Protocol):
    """Sends bytes. One contract test suite runs against every kind."""

    def send(self, mail: bytes) -> None:
        """Hand the mail over; returning means that the other side has taken it durably.

        Raises:
            NetworkError: not reached, or told to try again later (4xx); try the same bytes again.
            common.mail.errors.UncertainError: as above, but the other side may have it already.
            common.mail.errors.TooLargeError: no mail of this size is taken, ever.
            RemoteError: refused for good (5xx); people must act. It is tried again all the same.
        """
        ...
