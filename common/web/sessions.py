"""Sessions that are kept at the server, so that each can be seen and ended by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Session:
    """One sign-in.

    Attributes:
        address: where it was used last.
        browser: what the browser says of itself.
    """

    id: str
    began_at: datetime
    seen_at: datetime
    address: str
    browser: str


class Sessions(Protocol):
    """Where they are kept. What changes something returns after the commit."""

    def begin(self, name: str, address: str, browser: str) -> str:
        """A new one; its id."""
        ...

    def holds(self, name: str, session: str) -> bool:
        """Whether it is one of the account's, and has not ended."""
        ...

    def seen(self, session: str, address: str) -> None:
        """It is in use."""
        ...

    def of(self, name: str) -> Sequence[Session]:
        """Those that have not ended, newest use first."""
        ...

    def end(self, name: str, session: str) -> bool:
        """End one; False when there is no such."""
        ...
