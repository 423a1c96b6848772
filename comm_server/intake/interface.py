"""What every kind of intake offers.

Taking and understanding are apart: `key_of` and `paths` let the web edge store the bytes as they
came, without parsing, and answer after the commit; `parse` runs later, in the digest, where a
poison report can hurt nobody.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from comm_server.settings import IntakeSettings


class PoisonError(Exception):
    """The bytes cannot be understood; they go to quarantine, and home, as they are."""


class Source(NamedTuple):
    """Who made an event; what is empty is as the DSN has it."""

    program: str
    machine: str


@dataclass(frozen=True)
class Parsed:
    """What one request held.

    Attributes:
        events: Sentry events (JSON objects), the form in which everything is kept.
        lost: reports that the client says it lost, by reason.
        ignored: items that are no errors (sessions, traces), by kind.
        verbatim: what goes home as it came, beside the events: attachments, unknown items.
        why: what ``verbatim`` holds, for people.
        sources: of each event, where a request brings those of several programs; else empty.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    verbatim: bytes = b""
    why: str = ""
    sources: list[Source] = field(default_factory=list)


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

    def parse(self, body: bytes, settings: IntakeSettings) -> Parsed:
        """Understand an expanded body. Raises PoisonError."""
        ...

    @property
    def retries(self) -> bool:
        """Whether senders keep what is answered 503; else they are hung up on."""
        ...

    def takes(self, content_type: str) -> bool:
        """Whether it is this kind that reads such bodies; asked where kinds share a path."""
        ...

    def largest(self, settings: IntakeSettings) -> int:
        """Bytes of the largest body after decompression."""
        ...

    def written(self, value: dict[str, Any], status: int) -> tuple[bytes, str]:
        """An answer as its senders read it, and its content type.

        ``value`` is what `answer` said, or of an error ``{"detail": sentence}``.
        """
        ...


class Usual:
    """What most kinds do: JSON answers, and senders that give up at any error."""

    retries = False

    def takes(self, content_type: str) -> bool:  # noqa: ARG002 - the interface's
        """Whatever it calls itself."""
        return True

    def largest(self, settings: IntakeSettings) -> int:
        """What any request may be."""
        return settings.most_expanded

    def written(self, value: dict[str, Any], status: int) -> tuple[bytes, str]:  # noqa: ARG002
        """JSON, whatever the status."""
        return json.dumps(value).encode(), "application/json"
