"""Desk phones, and the numbers that people outside call."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.domain.refusals import anything

REALM = "callstead"
_EXTENSION = re.compile(r"[0-9]{2,10}")
_NUMBER = re.compile(r"\+?[0-9]{1,40}")


@dataclass(frozen=True)
class Phone:
    """A desk phone; its extension is its name in SIP.

    Attributes:
        agent: whose it is; a user's id.
        digest: `digest_of` its password; the password itself is kept nowhere.
    """

    extension: str
    agent: int
    digest: str


@dataclass(frozen=True)
class Number:
    """A number that is called from outside, and the queue in which its callers wait.

    Attributes:
        flow: what they go through first; None, or one that was never published: nothing.
    """

    number: str
    queue: int
    flow: int | None = None


def digest_of(extension: str, password: str) -> str:
    """HA1 of RFC 2617, as SIP phones prove it (RFC 3261, section 22.4)."""
    whole = f"{extension}:{REALM}:{password}"
    return hashlib.md5(whole.encode(), usedforsecurity=False).hexdigest()


def is_extension(text: str) -> bool:
    """Two to ten digits."""
    return _EXTENSION.fullmatch(text) is not None


def is_number(text: str) -> bool:
    """What a trunk may send as the number called."""
    return _NUMBER.fullmatch(text) is not None


# What may refuse a change, given what is there now (None: nothing); asked in its transaction.
Check = Callable[[Number | None], None]


class Phones(Protocol):
    """Where they are kept."""

    def phones(self) -> Sequence[Phone]:
        """All, by extension."""
        ...

    def of(self, agent: int) -> Sequence[Phone]:
        """The agent's."""
        ...

    def keep_phone(self, phone: Phone) -> None:
        """The agent has this phone, and no other one; whoever had it has none."""
        ...

    def drop_phone(self, extension: str) -> bool:
        """Nobody has it any more; whether somebody had."""
        ...

    def numbers(self) -> Sequence[Number]:
        """All, by number."""
        ...

    def number(self, called: str) -> Number | None:
        """Where it leads; None: it is not answered."""
        ...

    def keep_number(self, number: Number, check: Check = anything) -> None:
        """Its callers wait in this queue from now on."""
        ...

    def drop_number(self, number: str, check: Check = anything) -> bool:
        """It is answered no more; whether it was."""
        ...
