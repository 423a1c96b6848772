"""Which clients get a release together, and in which order. Pure.

The rings of the setting ``comm.rollout.rings`` and what the vendor asks for become one plan, in
which the site is as strict as it likes and never laxer than it was asked to be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from common.wire.rollout import Ring, read_rings

# Where neither the site nor the vendor says anything.
USUAL = ("canary 10%", "all")


def site_rings(setting: Sequence[str]) -> tuple[Ring, ...]:
    """The site's own rings, where no vendor asks for others. Raises OperatorError."""
    return read_rings(setting or USUAL)


def plan_rings(setting: Sequence[str], asked: Sequence[str]) -> tuple[Ring, ...]:
    """The rings of one release.

    Args:
        setting: ``comm.rollout.rings``; empty: the site leaves it to the vendor.
        asked: by the vendor, valid; empty: it leaves it to the site.

    As many rings as the vendor asks for open one after the other before the last of its rings may:
    each holds no more than the vendor's of the same place, and waits for a person where either
    says so. What the site has beyond that follows in its own order. Raises OperatorError.
    """
    if not asked:
        return site_rings(setting)
    vendor = read_rings(asked)
    site = read_rings(setting) if setting else vendor
    own, last = list(site[:-1]), site[-1]
    plan: list[Ring] = []
    for wanted in vendor[:-1]:
        ring = own.pop(0) if own else replace(wanted, approve=False)
        plan.append(
            replace(
                ring,
                percent=min(ring.percent, wanted.percent),
                most=min(ring.most or 100, wanted.percent),
                approve=ring.approve or wanted.approve,
            )
        )
    first, *rest = [*own, last]
    plan += [replace(first, approve=first.approve or vendor[-1].approve), *rest]
    return tuple(
        replace(ring, name=f"{ring.name}-{place + 1}")
        if any(other.name == ring.name for other in plan[place + 1 :])
        else ring
        for place, ring in enumerate(plan)
    )


def assign(rings: Sequence[Ring], clients: Sequence[tuple[str, str | None]]) -> dict[str, int]:
    """The place of each client's ring, by the client's id.

    Args:
        rings: in the order in which they open.
        clients: id, and the ring that somebody named it to; a ring that is not there any more
            counts as none.

    Lots are drawn by a hash of the id, so that the same computers go first each time.
    """
    places = {ring.name: place for place, ring in enumerate(rings)}
    named: dict[int, list[str]] = {place: [] for place in range(len(rings))}
    lots = sorted((c for c, ring in clients if ring not in places), key=_lot)
    for client, ring in clients:
        if ring in places:
            named[places[ring]].append(client)
    given: dict[str, int] = {}
    for place, one in enumerate(rings[:-1]):
        mine = sorted(named[place], key=_lot)
        if one.most:
            room = share(len(clients), one.most)
            lots, mine = mine[room:] + lots, mine[:room]
        wanted = -(-one.percent * len(clients) // 100)
        if one.most:
            wanted = min(wanted, room)
        short = max(0, wanted - len(mine))
        given |= dict.fromkeys(mine + lots[:short], place)
        lots = lots[short:]
    return given | dict.fromkeys(lots + named[len(rings) - 1], len(rings) - 1)


def share(members: int, percent: int) -> int:
    """How many of ``members`` these per cent are: a part, and at least one."""
    return max(1, members * percent // 100)


def _lot(client: str) -> str:
    return hashlib.sha256(client.encode()).hexdigest()
