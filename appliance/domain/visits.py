"""Which pages of the customer's site a contact looked at, as their browser tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

_MOST_URL, _MOST_TITLE = 2000, 300


@dataclass(frozen=True)
class Visit:
    """One page; ``url`` is http or https and has no password in it."""

    url: str
    title: str
    at: datetime


def visit(url: str, title: str, at: datetime) -> Visit | None:
    """The visit as it is kept; None: not the address of a page."""
    try:
        parts = urlsplit(url.strip())
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host:
        return None
    # A fragment often carries what was typed or a token; the page is known without it.
    plain = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    words = " ".join(title.split())
    return Visit(plain[:_MOST_URL], words[:_MOST_TITLE], at)


def news(kept: Sequence[Visit], told: Visit) -> bool:
    """Whether it is another page than the last one; a reload is no visit."""
    return not kept or (kept[-1].url, kept[-1].title) != (told.url, told.title)


class KeptVisits(Protocol):
    """Where they are kept."""

    def of(self, conversation: int) -> Sequence[Visit]:
        """Oldest first."""
        ...

    def add(self, conversation: int, visit: Visit, most: int) -> None:
        """Keep it, and no more than the last ``most``."""
        ...
