"""What a rollout will do: who, when, how many bytes, how long, what is waited for. A dry run.

Nothing is written, and nothing is promised: the times say when a ring opens if every client
installs as long as others did and nobody fails.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from comm_server.rollout.reading import terms_of, windows_of
from comm_server.rollout.rules import Limits, Member, Snapshot, Stand, Why, judge, needed, places
from comm_server.rollout.service import Rollout
from comm_server.rollout.sizes import Sizes
from common.clock import parse_stamp, stamp
from common.spool import Row
from common.wire.rollout import Terms

# From the switch to the receipt, when no client of the site has ever installed anything.
_USUAL_SECONDS = 60.0
_MOST_TURNS = 200
_TO_GO = frozenset({Stand.BEFORE, Stand.SILENT, Stand.GOING, Stand.MISSING, Stand.RETURNED})


@dataclass(frozen=True)
class RingPlan:
    """One ring of the plan.

    Attributes:
        name: of the ring.
        place: its place.
        open: whether it is open now.
        clients: names of all its clients.
        to_go: names of those that will install it.
        silent: names of those that were not heard from lately: when they come back.
        at_once: how many at the same time.
        needed: receipts after which the next ring may open.
        bytes: that its clients will fetch from this server.
        opens_at: stamp, if nothing fails; None: a window never opens.
        ends_at: stamp of its last receipt; None as above.
        waits: what it waits for before it opens, and before its clients restart.
    """

    name: str
    place: int
    open: bool
    clients: tuple[str, ...]
    to_go: tuple[str, ...]
    silent: tuple[str, ...]
    at_once: int
    needed: int
    bytes: int | None
    opens_at: str | None
    ends_at: str | None
    waits: tuple[Why, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a release will do on one channel; ``now`` says how it stands.

    ``internet`` are the bytes that this server has yet to fetch from the vendor, each once;
    ``terms`` is what the vendor asks of every site for it.
    """

    product: str
    channel: str
    version: str
    now: Why
    halted: bool
    each_seconds: float
    measured: bool
    internet: int
    rings: tuple[RingPlan, ...] = field(default=())
    terms: Terms = Terms()

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        value = {name: getattr(self, name) for name in self.__dataclass_fields__}
        value["terms"] = self.terms.as_dict()
        value["now"] = {"code": self.now.code, **self.now.facts}
        value["rings"] = [
            {
                **{name: getattr(ring, name) for name in ring.__dataclass_fields__},
                "waits": [{"code": why.code, **why.facts} for why in ring.waits],
            }
            for ring in self.rings
        ]
        return value

    @property
    def bytes(self) -> int:
        """That all clients together will fetch."""
        return sum(ring.bytes or 0 for ring in self.rings)

    @property
    def to_go(self) -> int:
        """How many clients will install it."""
        return sum(len(ring.to_go) for ring in self.rings)


def make_plan(rollout: Rollout, live: Any, row: Row) -> Plan:
    """The dry run of one row of ``rollouts``.

    Args:
        rollout: the service.
        live: the mirror's folder, for the sizes.
        row: of `Rollout.rollouts`.
    """
    s, limits = rollout.look(row), rollout.limits(row)
    each, measured = _usual_seconds(rollout, row["product"])
    sizes = Sizes(live, row["product"])
    runs = _versions(rollout, row["product"])
    windows = windows_of(rollout.store.rows, [r.name for r in s.rings], rollout.reading())
    at: datetime | None = s.now
    rings = []
    missing: dict[str, int] = {}
    for place, ring in enumerate(s.rings):
        members = s.of(place)
        to_go = [m for m in members if m.stand in _TO_GO]
        opens, waits = at, list(_waits(s, limits, place))
        starts = at
        window = windows.get(place)
        if to_go and window is not None and at is not None and not window.is_open(at):
            starts = window.opens(at)
            opening = Why("window", {"opens_at": stamp(starts)}) if starts else Why("window_never")
            waits.append(opening)
        ends = _after(starts, members, to_go, places(s, place, limits), each)
        wanted = [
            sizes.of(row["version"], *runs[member.client])
            for member in to_go
            if member.client in runs
        ]
        missing |= {one.name: one.length for one in wanted if one and not one.here}
        rings.append(
            RingPlan(
                name=ring.name,
                place=place,
                open=place <= s.open,
                clients=tuple(m.name for m in members),
                to_go=tuple(m.name for m in to_go),
                silent=tuple(m.name for m in to_go if m.stand is Stand.SILENT),
                at_once=places(s, place, limits),
                needed=needed(members, limits) if members else 0,
                bytes=sum(one.length for one in wanted if one) if all(wanted) else None,
                opens_at=stamp(opens) if opens else None,
                ends_at=stamp(ends) if ends else None,
                waits=tuple(waits),
            )
        )
        at = ends
        if members and ends is not None and place >= s.open and place < len(s.rings) - 1:
            at = ends + timedelta(seconds=limits.quiet)
    return Plan(
        product=row["product"],
        channel=row["channel"],
        version=row["version"],
        now=judge(s, limits).why,
        halted=bool(s.halted),
        each_seconds=each,
        measured=measured,
        internet=sum(missing.values()),
        rings=tuple(rings),
        terms=terms_of(rollout.store.rows, row),
    )


def _waits(s: Snapshot, limits: Limits, place: int) -> list[Why]:
    """What must happen before a ring opens."""
    if place <= s.open:
        return []
    found = []
    before = s.of(place - 1) if place else []
    if before:
        facts = {"ring": s.rings[place - 1].name, "need": needed(before, limits)}
        minutes = round(limits.quiet / 60)
        found.append(Why("plan_receipts", facts | {"of": len(before), "minutes": minutes}))
    if s.rings[place].approve and s.approved < place:
        found.append(Why("approval", {"ring": s.rings[place].name}))
    return found


def _after(
    starts: datetime | None, members: list[Member], to_go: list[Member], at_once: int, each: float
) -> datetime | None:
    if starts is None or not members:
        return starts
    waves = -(-len(to_go) // at_once)
    return starts + timedelta(seconds=waves * each)


def _versions(rollout: Rollout, product: str) -> dict[str, tuple[str, str | None]]:
    """Platform and version of each client's program."""
    rows = rollout.store.rows(
        "SELECT client, platform, release FROM client_programs WHERE product = ?", (product,)
    )
    return {row["client"]: (row["platform"], row["release"]) for row in rows}


def _usual_seconds(rollout: Rollout, product: str) -> tuple[float, bool]:
    """How long one client takes from its turn to its receipt, and whether that was measured."""
    rows = rollout.store.rows(
        "SELECT at, settled_at FROM rollout_turns WHERE product = ? AND settled_at IS NOT NULL "
        "ORDER BY settled_at DESC LIMIT ?",
        (product, _MOST_TURNS),
    )
    took = [
        (parse_stamp(row["settled_at"]) - parse_stamp(row["at"])).total_seconds() for row in rows
    ]
    return (max(1.0, statistics.median(took)), True) if took else (_USUAL_SECONDS, False)
