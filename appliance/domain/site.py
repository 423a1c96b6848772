"""What the communications server tells of the site, or why it does not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

R = TypeVar("R")


class SiteTrouble(StrEnum):
    """Why nothing is known; each has a text of its own at the desk."""

    NOT_PAIRED = "not_paired"  # no communications server, or no DSN of it, is set
    PLAIN = "plain"  # its address is not https: the key is not shown to whoever listens
    AWAY = "away"
    STRANGER = "stranger"  # the DSN is not one of the program ``appliance``
    OLDER = "older"  # it does not know the question yet
    INVALID = "invalid"  # the answer is not understood: it is newer, or something else


@dataclass(frozen=True)
class SiteView(Generic[R]):
    """What was found.

    Attributes:
        address: of the communications server's console; empty: none is set.
        report: None when there is a trouble.
    """

    address: str
    trouble: SiteTrouble | None
    report: R | None = None
