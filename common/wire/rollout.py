"""How a release is to spread over a site: rings as text, and what the vendor asks of every site.

The vendor's word stands in the channel's signed pointer, beside the version that it is about::

    {"terms": {"1.0.2": {"rings": ["canary 5%", "all approve"], "at_once": 10, "quiet": 3600,
                           "may_return": true}}}

A site may be stricter than that, never laxer. ``may_return`` is a permission to every client: its
site may send it back from this version to the one before, once, when the site finds it bad.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.version import InvalidVersion, Version

from common.errors import OperatorError, RefusedError

_NAME = re.compile(r"[\w-]{1,40}")
_PERCENT = re.compile(r"(<=)?(\d{1,3})%")
_MOST_RINGS = 20
_MOST_QUIET = 31 * 86400


@dataclass(frozen=True)
class Ring:
    """One ring; they open one after the other, and the last takes every client that is left.

    Attributes:
        name: what people call it.
        percent: of all clients that it holds at least: lots are drawn among those that nobody
            named to a ring; 0 means only the named ones.
        approve: it opens only after a person said so.
        most: per cent of all clients that it holds at most, and at least one; 0: no limit. Who is
            named to it beyond that comes with the next one.
    """

    name: str
    percent: int = 0
    approve: bool = False
    most: int = 0

    def as_text(self) -> str:
        """The reverse of `read_ring`."""
        words = [self.name, f"{self.percent}%" if self.percent else ""]
        words += [f"<={self.most}%" if self.most else "", "approve" if self.approve else ""]
        return " ".join(filter(None, words))


def read_ring(text: str) -> Ring:
    """``NAME [N%] [<=N%] [approve]``. Raises OperatorError."""
    name, *words = text.split() or [""]
    percents = {"": 0, "<=": 0}
    approve, fits = False, bool(_NAME.fullmatch(name))
    for word in words:
        if found := _PERCENT.fullmatch(word):
            percents[found[1] or ""] = int(found[2])
        elif word == "approve":
            approve = True
        else:
            fits = False
    if not fits or max(percents.values()) > 100:
        raise OperatorError(
            f"{text!r} is no ring. Write it like 'canary 10%', 'front-desk' or 'all approve'."
        )
    return Ring(name, percents[""], approve, percents["<="])


def read_rings(texts: Sequence[str]) -> tuple[Ring, ...]:
    """At least one ring, each once. Raises OperatorError."""
    rings = tuple(read_ring(text) for text in texts)
    names = [ring.name for ring in rings]
    if not rings or len(rings) > _MOST_RINGS or len(set(names)) != len(names):
        raise OperatorError(
            f"The rings are {list(texts)!r}, but must be 1 to {_MOST_RINGS}, each named once."
        )
    return rings


@dataclass(frozen=True)
class Terms:
    """What the vendor asks of every site for one version.

    Attributes:
        rings: as texts, in the order in which they open, each but the last with its per cent,
            which it holds at least and at most; empty: as the site likes.
        at_once: per cent of a ring that may be at it at the same time.
        quiet: seconds that a ring must stay well before the next opens.
        may_return: the site may send its clients back from it, once each.
    """

    rings: tuple[str, ...] = ()
    at_once: int = 100
    quiet: int = 0
    may_return: bool = False

    def checked(self) -> Terms:
        """Itself. Raises OperatorError: no site could do that."""
        rings = read_rings(self.rings) if self.rings else ()
        if bare := [ring.name for ring in rings[:-1] if not ring.percent]:
            raise OperatorError(
                f"The ring {bare[0]!r} needs its per cent, like '{bare[0]} 5%': which computers it "
                "holds is up to each site, how many is asked of all. The last one takes the rest."
            )
        if not 1 <= self.at_once <= 100 or not 0 <= self.quiet <= _MOST_QUIET:
            raise OperatorError(
                "At once may be 1 to 100 per cent of a ring, and quiet is asked for at most "
                f"{_MOST_QUIET // 86400} days."
            )
        return self

    def as_dict(self) -> dict[str, Any]:
        """As it stands in the pointer; empty when nothing is asked."""
        said = {
            "rings": list(self.rings),
            "at_once": self.at_once if self.at_once != 100 else 0,
            "quiet": self.quiet,
            "may_return": self.may_return,
        }
        return {name: value for name, value in said.items() if value}


def read_terms(value: Any) -> dict[str, Terms]:
    """What a channel's pointer asks for, by version.

    Raises RefusedError (kind ``channel``): what is asked is never skipped.
    """
    try:
        return {str(Version(v)): _terms(one) for v, one in value.get("terms", {}).items()}
    except (TypeError, AttributeError, ValueError, InvalidVersion, OperatorError) as error:
        raise RefusedError("channel", f"The channel's pointer is not valid: {error}") from error


def _terms(value: Mapping[str, Any]) -> Terms:
    rings = value.get("rings", [])
    numbers = {"at_once": value.get("at_once", 100), "quiet": value.get("quiet", 0)}
    may_return = value.get("may_return", False)
    if not isinstance(rings, list) or not all(isinstance(one, str) for one in rings):
        raise ValueError(f"{rings!r} is no list of rings")
    if any(not isinstance(n, int) or isinstance(n, bool) for n in numbers.values()):
        raise ValueError(f"{numbers!r} are no whole numbers")
    if not isinstance(may_return, bool):
        raise ValueError(f"{may_return!r} is neither true nor false")  # noqa: TRY004 - one family
    return Terms(tuple(rings), may_return=may_return, **numbers).checked()
