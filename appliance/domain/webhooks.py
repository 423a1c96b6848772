"""Events told to the customer's systems: what is signed, when it is tried again, when it stops.

The scheme is that of Standard Webhooks: the headers ``webhook-id``, ``webhook-timestamp`` and
``webhook-signature``; the last is ``v1,`` and base64 of HMAC-SHA256 over ``ID.TIMESTAMP.BODY``. A
delivery that is tried again has the same id: who receives it twice knows it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

PREFIX = "whsec_"
# After the first try; two days in all, long enough for a weekend's repair.
PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
)
_JITTER = 0.2
TEST = "webhook.test"  # an event that its hook alone hears of
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Webhook:
    """Somewhere that wants to hear of events.

    Attributes:
        kinds: which: ``conversation.end``, ``conversation.*``, ``*``.
        cursor: the last event that was looked at.
        failing_since: nothing arrived since then; None: the last one did.
        disabled_why: why it was turned off by itself; empty: it was not.
    """

    id: str
    name: str
    url: str
    kinds: tuple[str, ...]
    active: bool
    cursor: int
    created_at: datetime
    failing_since: datetime | None
    disabled_why: str


@dataclass(frozen=True)
class Delivery:
    """One event for one hook.

    Attributes:
        due_at: when it is tried; None: it is done, or was given up.
        answered: the status of the last answer.
        trouble: why the last try failed.
        done_at: when it arrived.
    """

    id: int
    webhook: str
    event: int
    kind: str
    made_at: datetime
    due_at: datetime | None
    attempts: int
    answered: int | None
    trouble: str
    done_at: datetime | None


@dataclass(frozen=True)
class Due:
    """A delivery that this process has claimed, with all that it needs."""

    delivery: Delivery
    url: str
    secret: str
    body: str


class Webhooks(Protocol):
    """Where hooks and deliveries are kept. What changes something returns after the commit."""

    def all(self) -> Sequence[Webhook]:
        """Every hook, oldest first."""
        ...

    def add(self, name: str, url: str, kinds: Sequence[str]) -> tuple[Webhook, str]:
        """A new one, from the newest event on; and its secret, told once."""
        ...

    def change(
        self,
        id: str,  # noqa: A002
        decide: Callable[[Webhook], Webhook],
    ) -> Webhook | None:
        """Replace name, address, kinds and ``active``; ``decide`` may raise. None: no such hook."""
        ...

    def new_secret(self, id: str) -> str | None:  # noqa: A002
        """The old one is worth nothing from now on. None: no such hook."""
        ...

    def remove(self, id: str) -> Webhook | None:  # noqa: A002
        """With its deliveries. None: no such hook."""
        ...

    def deliveries(self, id: str, before: int, most: int) -> Sequence[Delivery]:  # noqa: A002
        """The newest below number ``before`` (0: of all), newest first."""
        ...

    def send_again(self, id: str, delivery: int) -> Delivery | None:  # noqa: A002
        """It is due now, from the first try on. None: no such delivery."""
        ...

    def test(self, id: str) -> Delivery | None:  # noqa: A002
        """Tell this hook alone an event `TEST`. None: no such hook."""
        ...

    def collect(self) -> int:
        """Make deliveries of new events, and move the cursors with them; answers how many."""
        ...

    def claim(self, most: int, lease: timedelta) -> Sequence[Due]:
        """Deliveries that are due; nobody else claims them for ``lease``."""
        ...

    def arrived(self, delivery: int, status: int) -> None:
        """The other side has it."""
        ...

    def failed(
        self, delivery: int, status: int | None, trouble: str, stop_after: timedelta
    ) -> Webhook | None:
        """It is tried again later, or given up; answers the hook when it was turned off now."""
        ...


def wants(kinds: Iterable[str], kind: str) -> bool:
    """Whether a hook of ``kinds`` wants to hear of ``kind``."""
    if kind == TEST:
        return False
    family = kind.partition(".")[0] + ".*"
    return any(one in {"*", kind, family} for one in kinds)


def signature(secret: str, delivery: str, timestamp: int, body: str) -> str:
    """The header ``webhook-signature``."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    text = f"{delivery}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When a delivery that failed for the ``attempts``-th time is tried again; None: no more."""
    if attempts > len(PAUSES):
        return None
    spread = 1 + random.uniform(-_JITTER, _JITTER)  # noqa: S311 - so that not all come at once
    return now + PAUSES[attempts - 1] * spread


def may_reach(address: str, private: Iterable[Network]) -> bool:
    """Whether an event may be sent to an IP address: the open Internet's, or one that was allowed.

    Never to this machine, to its networks, to anything that routers keep to themselves: who sets a
    hook could else make this server ask what they cannot reach themselves.
    """
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None) or found
    if any(mapped in network for network in private):
        return True
    return mapped.is_global and not mapped.is_multicast
