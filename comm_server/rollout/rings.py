"""Rings: which clients get a release together, and how many of them at once. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from common.errors import OperatorError

_NAME = re.compile(r"[\w-]{1,40}")
_PERCENT = re.compile(r"(\d{1,3})%")


@dataclass(frozen=True)
class Ring:
    """One ring; they open one after the other, and the last takes every client that is left.

    Attributes:
        name: what people call it.
        percent: of all clients that it holds at least: lots are drawn among those that nobody
            named to a ring; 0 means only the named ones.
        approve: it opens only after a person said so.
    """

    name: str
    percent: int = 0
    approve: bool = False

    def as_text(self) -> str:
        """The reverse of `read_ring`."""
        words = [self.name, f"{self.percent}%" if self.percent else ""]
        return " ".join(filter(None, [*words, "approve" if self.approve else ""]))


def read_rings(texts: Sequence[str]) -> tuple[Ring, ...]:
    """Rings from the setting ``comm.rollout.rings``. Raises OperatorError."""
    rings = tuple(read_ring(text) for text in texts)
    names = [ring.name for ring in rings]
    if not rings or len(set(names)) != len(names):
        raise OperatorError(
            f"comm.rollout.rings is {list(texts)!r}, but must name at least one ring, each once."
        )
    return rings


def read_ring(text: str) -> Ring:
    """``NAME [N%] [approve]``. Raises OperatorError."""
    name, *words = text.split() or [""]
    percent, approve, fits = 0, False, bool(_NAME.fullmatch(name))
    for word in words:
        if found := _PERCENT.fullmatch(word):
            percent = int(found[1])
        elif word == "approve":
            approve = True
        else:
            fits = False
    if not fits or percent > 100:
        raise OperatorError(
            f"comm.rollout.rings names {text!r}, but a ring is written like 'canary 10%', "
            "'front-desk' or 'all approve'."
        )
    return Ring(name, percent, approve)


def assign(rings: Sequence[Ring], clients: Sequence[tuple[str, str | None]]) -> dict[str, int]:
    """The place of each client's ring, by the client's id.

    Args:
        rings: in the order in which they open.
        clients: id, and the ring that somebody named it to; a ring that is not there any more
            counts as none.

    Lots are drawn by a hash of the id, so that the same computers go first each time.
    """
    places = {ring.name: place for place, ring in enumerate(rings)}
    given = {client: places[ring] for client, ring in clients if ring in places}
    lots = sorted((c for c, _ring in clients if c not in given), key=_lot)
    for place, ring in enumerate(rings[:-1]):
        wanted = -(-ring.percent * len(clients) // 100)
        short = wanted - sum(at == place for at in given.values())
        for client in lots[: max(0, short)]:
            given[client] = place
        lots = lots[max(0, short) :]
    return given | dict.fromkeys(lots, len(rings) - 1)


def share(members: int, percent: int) -> int:
    """How many of a ring's ``members`` may be at it at once: a part, and at least one."""
    return max(1, members * percent // 100)


def _lot(client: str) -> str:
    return hashlib.sha256(client.encode()).hexdigest()
