"""What every kind of intake offers.

Taking and understanding are apart: `key_of` and `paths` let the web edge store the bytes as they
came, without parsing, and answer after the commit; `parse` runs later, in the digest, where a
poison report can hurt nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol


class PoisonError(Exception):
    """The bytes cannot be understood; they go to quarantine, and home, as they are."""


@dataclass(frozen=True)
class Parsed:
    """What one request held.

    Attributes:
        events: Sentry events (JSON objects), the form in which everything is kept.
        lost: reports that the client says it lost, by reason.
        ignored: items that are no errors (sessions, traces), by kind.
        verbatim: what goes home as it came, beside the events: attachments, unknown items.
        why: what ``verbatim`` holds, for people.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    verbatim: bytes = b""
    why: str = ""


# Looks a header or a query parameter up by its name.
Lookup = Callable[[str], str | None]


class Intake(Protocol):
    """One kind of intake."""

    @property
    def kind(self) -> str:
        """Its name in the raw row."""
        ...

    @property
    def paths(self) -> tuple[str, ...]:
        """Flask rules with ``<int:dsn>``; none: reports come through a listener alone."""
        ...

    def key_of(self, header: Lookup, query: Lookup, head: bytes) -> str | None:
        """The DSN's public key that the request shows, or None.

        ``head`` is the beginning of the (expanded) body, of at least 2 KB where there is so much.
        """
        ...

    def answer(self, head: bytes) -> dict[str, Any]:
        """The body of the 200, from the first bytes of the (expanded) report."""
        ...

    def parse(self, body: bytes, most_event: int) -> Parsed:
        """Understand an expanded body. Raises PoisonError."""
        ...
