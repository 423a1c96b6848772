"""Who is not let in: networks, contacts, identities; each with a reason, and until when."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from appliance.domain.contact import Identity
from appliance.domain.refusals import InvalidError, RefusalError


class Kind(StrEnum):
    """What a block names."""

    NETWORK = "network"  # 203.0.113.7 or 203.0.113.0/24
    CONTACT = "contact"  # a contact's id
    IDENTITY = "identity"  # number:+4930123, address:x@example.org


class BlockedError(RefusalError):
    """Somebody who is blocked asks to be let in; the sentence is for them."""

    def __init__(self) -> None:
        super().__init__("blocked")


class TooOftenError(RefusalError):
    """More than the limit allows.

    Attributes:
        seconds: from now on it is allowed again.
    """

    def __init__(self, kind: str, seconds: float) -> None:
        super().__init__(kind, seconds=math.ceil(seconds))
        self.seconds = seconds


@dataclass(frozen=True)
class Block:
    """One line of the list; ``until`` None: for good."""

    id: int
    kind: Kind
    value: str
    reason: str
    until: datetime | None
    by: str
    at: datetime


class Blocklist(Protocol):
    """Where it is kept. What changes something returns after the commit."""

    def all(self) -> Sequence[Block]:
        """Every line, what is over included, by id."""
        ...

    def add(self, kind: Kind, value: str, reason: str, until: datetime | None, by: str) -> Block:
        """A new line; ``value`` is in the form of `normal`."""
        ...

    def change(
        self,
        id: int,  # noqa: A002
        reason: str | None,
        until: datetime | None,
        check: Callable[[Block], None],
    ) -> Block | None:
        """None: there is no such line; ``check`` may raise before anything changes."""
        ...

    def remove(self, id: int, check: Callable[[Block], None]) -> Block | None:  # noqa: A002
        """None: there is no such line. ``check`` may raise."""
        ...


def normal(kind: Kind, value: str) -> str:
    """The form in which a value is kept. Raises ValueError with the reason."""
    text = value.strip()
    if kind is Kind.NETWORK:
        try:
            return str(ipaddress.ip_network(text, strict=False))
        except ValueError as error:
            raise InvalidError("block-network", value=value) from error
    if kind is Kind.CONTACT:
        if not (text.isascii() and text.isdigit() and 0 < len(text) < 11):
            raise InvalidError("block-contact", value=value)
        return str(int(text))
    name, colon, rest = text.partition(":")
    if not (name and colon and rest):
        raise InvalidError("block-identity", value=value)
    return text


@dataclass(frozen=True)
class Blocks:
    """The list, ready to be asked."""

    networks: tuple[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, datetime | None], ...]
    others: dict[tuple[Kind, str], datetime | None] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[Block]) -> Blocks:
        """From what is kept."""
        networks = []
        others: dict[tuple[Kind, str], datetime | None] = {}
        for one in lines:
            if one.kind is Kind.NETWORK:
                networks.append((ipaddress.ip_network(one.value), one.until))
            else:
                others[one.kind, one.value] = one.until
        return cls(tuple(networks), others)

    def has_address(self, text: str, now: datetime) -> bool:
        """Whether an IP address is in a network that is blocked now."""
        if not self.networks:
            return False
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network and _holds(until, now) for network, until in self.networks)

    def has_contact(self, contact: int, now: datetime) -> bool:
        """Whether a contact is blocked now."""
        return self._has((Kind.CONTACT, str(contact)), now)

    def has_identity(self, identity: Identity, now: datetime) -> bool:
        """Whether an identity is blocked now."""
        return self._has((Kind.IDENTITY, f"{identity.kind}:{identity.value}"), now)

    def _has(self, key: tuple[Kind, str], now: datetime) -> bool:
        return key in self.others and _holds(self.others[key], now)


def _holds(until: datetime | None, now: datetime) -> bool:
    return until is None or until > now
