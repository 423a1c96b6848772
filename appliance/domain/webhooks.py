"""Events told to the customer's systems: what is signed, when it is tried again, when it stops.

The scheme is that of Standard Webhooks: the headers ``webhook-id``, ``webhook-timestamp`` and
``webhook-signature``; the last is ``v1,`` and base64 of HMAC-SHA256 over ``ID.TIMESTAMP.BODY``. A
delivery that is tried again has the same id: who receives it twice knows it.

Each hook is a line: its events go in their order, and what fails holds up what is behind it. One
that the other side answers, and refuses again and again, is set aside after `HOLDS_UP` tries and
tried alone from then on: one event that its system chokes on must not stop the others for days.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

PREFIX = "whsec_"
# After the first try; two days in all, long enough for a weekend's repair.
PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
)
HOLDS_UP = 3  # tries, of two and a half minutes in all
_AWAY = {429, 503}  # it says so itself: this has nothing to do with the event
_JITTER = 0.2
MOST_AT_ONCE = 100  # events in one request
TEST = "webhook.test"  # an event that its hook alone hears of
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_IPV6 = ipaddress.IPv6Network("2000::/3")  # all that was ever given to the world (RFC 4291)


@dataclass(frozen=True)
class Webhook:
    """Somewhere that wants to hear of events.

    Attributes:
        kinds: which: ``conversation.end``, ``conversation.*``, ``*``.
        cursor: the last event that was told, or noted in the log as one that failed.
        failing_since: nothing arrived since then; None: the last one did.
        disabled_why: why it was turned off by itself; empty: it was not.
        batch_size: events in one request, at most; 1: an event is the request.
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
    batch_size: int = 1


@dataclass(frozen=True)
class Delivery:
    """One event for one hook, once it was tried.

    Attributes:
        due_at: when it is tried; None: it is done, or was given up.
        attempts: how often it was tried; of one that holds up the others, no more than `HOLDS_UP`
            are counted.
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
class Told:
    """One event as its hook is told of it.

    Attributes:
        content: ``type``, ``timestamp`` and ``data``.
        delivery: its number in the log; None: it was not tried before.
        attempts: so far.
    """

    event: int
    kind: str
    content: dict[str, Any]
    delivery: int | None = None
    attempts: int = 0


@dataclass(frozen=True)
class Parcel:
    """What goes in one request.

    Attributes:
        in_line: what is behind it waits for it; else it goes by itself.
    """

    events: tuple[Told, ...]
    in_line: bool

    @property
    def new(self) -> bool:
        """It was not tried before."""
        return self.events[0].delivery is None


@dataclass(frozen=True)
class Round:
    """What one hook is to be told now.

    Attributes:
        cursor: of the hook, when this was found.
        looked: how far was looked; the hook's cursor when all parcels are done.
        parcels: in their order.
    """

    hook: Webhook
    secret: str
    cursor: int
    looked: int
    parcels: tuple[Parcel, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a parcel.

    Attributes:
        status: of the answer; None: there was none.
        trouble: why it failed, as a sentence; empty: it arrived.
    """

    parcel: Parcel
    status: int | None
    trouble: str

    @property
    def away(self) -> bool:
        """The other side is not there, whatever it is told."""
        return bool(self.trouble) and (self.status is None or self.status in _AWAY)


@dataclass(frozen=True)
class Next:
    """What comes after a try that failed; see `Delivery`."""

    attempts: int
    due_at: datetime | None
    in_line: bool


class Webhooks(Protocol):
    """Where hooks and deliveries are kept. What changes something returns after the commit."""

    def all(self) -> Sequence[Webhook]:
        """Every hook, oldest first."""
        ...

    def add(
        self, name: str, url: str, kinds: Sequence[str], batch_size: int = 1
    ) -> tuple[Webhook, str]:
        """A new one, from the newest event on; and its secret, told once."""
        ...

    def change(
        self,
        id: str,  # noqa: A002
        decide: Callable[[Webhook], Webhook],
    ) -> Webhook | None:
        """Replace what a person may change; ``decide`` may raise. None: no such hook."""
        ...

    def new_secret(self, id: str) -> str | None:  # noqa: A002
        """The old one is worth nothing from now on. None: no such hook."""
        ...

    def remove(self, id: str, check: Callable[[Webhook], None]) -> Webhook | None:  # noqa: A002
        """With its deliveries; ``check`` may raise. None: no such hook."""
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

    def busy(self) -> Sequence[str]:
        """Active hooks for which there may be something to tell."""
        ...

    def next_for(self, id: str, most: int) -> Round | None:  # noqa: A002
        """What is due, ``most`` events or so. None: nothing, or the hook is gone or off."""
        ...

    def record(
        self, told: Round, outcomes: Sequence[Outcome], stop_after: timedelta
    ) -> Webhook | None:
        """Log what became of a round's first parcels, and move the cursor, in one transaction.

        Nothing is written when the cursor was moved meanwhile: somebody else told them, too.
        Answers the hook when it was turned off now, because nothing arrived for ``stop_after``.
        """
        ...


def wants(kinds: Iterable[str], kind: str) -> bool:
    """Whether a hook of ``kinds`` wants to hear of ``kind``."""
    if kind == TEST:
        return False
    family = kind.partition(".")[0] + ".*"
    return any(one in {"*", kind, family} for one in kinds)


def number_of(hook: Webhook, parcel: Parcel) -> str:
    """The header ``webhook-id``: the same whenever the same is told again."""
    first, last = parcel.events[0].event, parcel.events[-1].event
    return f"msg_{hook.id}_{first}" + (f"-{last}" if hook.batch_size > 1 else "")


def body_of(hook: Webhook, parcel: Parcel) -> str:
    """JSON: the event, or a list of events for a hook that wants several in one request."""
    content: dict[str, Any] = parcel.events[-1].content
    if hook.batch_size > 1:
        events = [one.content for one in parcel.events]
        content = {"type": "events", "timestamp": content["timestamp"], "data": {"events": events}}
    return json.dumps(content, ensure_ascii=False)


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


def after_failure(outcome: Outcome, attempts: int, now: datetime) -> Next:
    """When it is tried again that failed for the ``attempts``-th time, and whether others wait."""
    if outcome.parcel.in_line and (outcome.away or attempts <= HOLDS_UP):
        counted = min(attempts, HOLDS_UP)
        return Next(counted, next_try(counted, now), in_line=True)
    return Next(attempts, next_try(attempts, now), in_line=False)


def may_reach(address: str, private: Iterable[Network]) -> bool:
    """Whether an event may be sent to an IP address: the open Internet's, or one that was allowed.

    Never to this machine, to its networks, to anything that routers keep to themselves: who sets a
    hook could else make this server ask what they cannot reach themselves.
    """
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None) or found
    if any(mapped in network for network in private):
        return True
    if isinstance(mapped, ipaddress.IPv6Address) and (mapped not in _IPV6 or mapped.sixtofour):
        return False  # a translator's or a tunnel's, with any IPv4 address in it
    return mapped.is_global and not mapped.is_multicast
