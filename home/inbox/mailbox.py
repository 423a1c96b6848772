"""Where mails lie: the interface, one file per kind beside it (`maildir`, `imap`, `files`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Attachment:
    """What matters of one mail.

    Attributes:
        data: the sealed bundle's bytes.
        message_id: of the mail; the file's name where there is no mail.
    """

    data: bytes
    message_id: str


@dataclass(frozen=True)
class Headers:
    """Who sent a mail, for the list of refused ones; texts of strangers, never trusted."""

    sender: str = ""
    subject: str = ""
    message_id: str = ""


class Mailbox(Protocol):
    """A place with mails. A name stays valid until `accept` or `refuse` was called with it."""

    def names(self) -> list[str]:
        """What waits, oldest first. Raises OperatorError when the place cannot be read."""
        ...

    def open(self, name: str) -> Attachment:
        """The bundle in a mail. Raises RefusedError when there is none, OSError when unread."""
        ...

    def headers(self, name: str) -> Headers:
        """Never raises for a strange mail."""
        ...

    def accept(self, name: str) -> None:
        """The mail was recorded: put it away. Calling it again is no error."""
        ...

    def refuse(self, name: str) -> None:
        """The mail was refused and the reason recorded: keep it apart."""
        ...

    def forget(self, name: str) -> None:
        """Remove a refused mail for good, where the place keeps such. Never raises."""
        ...
