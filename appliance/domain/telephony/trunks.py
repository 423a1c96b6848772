"""Trunks that we register with: the provider knows us by a name and a password, not an address.

They stand beside the trunks that are known by their address (`appliance.telephony.trunks`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from appliance.domain.telephony.phones import is_number

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_SERVER = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
# What SIP takes in a name without escapes, and the switch's configuration without quotes.
_USER = re.compile(r"[A-Za-z0-9._+@-]{1,100}")
_PASSWORD = re.compile(r"[!-:<-~]{1,128}")


class TrunkError(ValueError):
    """A trunk cannot be like that; the sentence says why."""


def is_server(text: str) -> bool:
    """Whether it is an address or a name, with a port perhaps."""
    return _SERVER.fullmatch(text) is not None


@dataclass(frozen=True)
class Trunk:
    """One of them.

    Attributes:
        name: ours, short: it stands in settings and in what is said of it.
        server: the provider's address, with a port perhaps.
        user: by which the provider knows us.
        password: as the provider gave it.
        number: to which the provider's calls come, when it names no other.

    Raises TrunkError.
    """

    name: str
    server: str
    user: str
    password: str
    number: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise TrunkError(
                f"A trunk's name begins with a small letter and has at most 31 small letters, "
                f"digits and hyphens; not {self.name!r}."
            )
        if not is_server(self.server):
            raise TrunkError(
                f"The server is an address or a name, and a port perhaps, like sip.example.org or "
                f"203.0.113.7:5060; not {self.server!r}."
            )
        if not _USER.fullmatch(self.user):
            raise TrunkError(
                "The user has 1 to 100 letters, digits and the signs . _ + @ -; it has others."
            )
        if not _PASSWORD.fullmatch(self.password):
            raise TrunkError(
                "The password has 1 to 128 signs of ASCII, and no space nor semicolon; it has "
                "others. Ask the provider for another one."
            )
        if not is_number(self.number):
            raise TrunkError(
                f"The number has digits, and a + before them perhaps; not {self.number!r}."
            )


class Registration(StrEnum):
    """How a trunk stands with its provider."""

    REGISTERED = "registered"
    REFUSED = "refused"  # the name or the password is not right
    NOT_FOUND = "not_found"  # no machine is known by its server's name
    SILENT = "silent"  # no answer yet, or none any more
    UNKNOWN = "unknown"  # the switch does not run, or has not taken it over yet


class Trunks(Protocol):
    """Where they are kept, their passwords sealed."""

    def all(self) -> Sequence[Trunk]:
        """By name."""
        ...

    def names(self) -> Sequence[str]:
        """The same, without opening a password."""
        ...

    def keep(self, trunk: Trunk) -> None:
        """A new one, or in the place of the one of this name."""
        ...

    def drop(self, name: str) -> bool:
        """Whether it was there."""
        ...
