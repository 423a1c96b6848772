"""How a release spreads over a site, and when it stops: rules on a snapshot. Pure.

A release opens ring by ring. Each time something was heard, and every few seconds, `judge` looks
at everything that is known and says one thing, with the sentence why:

========= ===========================================================================
halt      it failed on too many clients, clients went missing after the switch, or its
          own reports are new or too many: nobody installs it any more
widen     the next ring opens
wait      for receipts, for quiet, for a person, or because a person holds it
done      it is where it belongs, and was watched for long enough
========= ===========================================================================

`may_go` answers one client at one step: ``fetch`` (bring it here, at any time), ``ready`` (may it
drain its program now?) and ``switch`` (then it has its place until its receipt comes).

What a person orders (hold, approve, open now, resume) stands in the snapshot, so that these two
functions are all there is. A halt ends only by a person; then only what happens from there on
counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from comm_server.rollout.rings import share
from common.clock import stamp
from common.wire.rollout import Ring


class Stand(StrEnum):
    """How a client stands with the release."""

    BEFORE = "before"
    SILENT = "silent"  # as before, and not heard from lately
    GOING = "going"
    MISSING = "missing"
    INSTALLED = "installed"
    FAILED = "failed"
    RETURNED = "returned"


_AT_IT = frozenset({Stand.GOING, Stand.MISSING})


@dataclass(frozen=True)
class Why:
    """One sentence, as its key in the texts and what is put in; stamps under ``…_at``."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Member:
    """One client that the release is for.

    Attributes:
        client: its id.
        name: its name.
        ring: the place of its ring.
        stand: where it is.
        since: when it was admitted (going, missing) or when its receipt came.
        reason: of its receipt.
    """

    client: str
    name: str
    ring: int
    stand: Stand = Stand.BEFORE
    since: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Reports:
    """What the site's reports say of the release.

    Attributes:
        new: titles of problems that began, or came back, with it.
        count: errors reported by it.
        hours: client-hours in which it ran.
        before: errors by what ran before it, in ``hours_before`` client-hours.
        hours_before: less than an hour is no ground for a comparison.
    """

    new: tuple[str, ...] = ()
    count: int = 0
    hours: float = 0.0
    before: int = 0
    hours_before: float = 0.0


@dataclass(frozen=True)
class Limits:
    """See `comm_server.settings.updates.RolloutSettings`; seconds, and per cent."""

    at_once: int = 25
    enough: int = 80
    quiet: float = 600.0
    watch: float = 86400.0
    most_failures: int = 1
    most_missing: int = 1
    most_new_problems: int = 1
    error_factor: float = 3.0
    least_errors: int = 10


@dataclass(frozen=True)
class Snapshot:
    """Everything that is known of one release on one channel of the site.

    Attributes:
        now: aware.
        version: of the release.
        rings: the plan it began with.
        open: the place of the widest open ring; -1 before the first.
        open_at: when that ring opened.
        approved: up to this place a person let it go.
        forced: up to this place a person opened it without waiting.
        paced: so many rings open as the vendor asks, and nobody here opens them without waiting.
        held: who holds it, or empty.
        held_until: when the hold ends by itself; None: when it is lifted.
        halted: why, or empty.
        by_vendor: the halt is the vendor's word, which nobody here can lift.
        mirrored: whether it is here.
        members: the clients of its channel.
        failures: name and reason of each distinct client on which it failed, the first first.
        reports: of the release.
        windows_closed: when the window of a ring opens again, by its place; None in it: never.
    """

    now: datetime
    version: str
    rings: tuple[Ring, ...]
    open: int = -1
    open_at: datetime | None = None
    approved: int = -1
    forced: int = -1
    paced: int = 0
    held: str = ""
    held_until: datetime | None = None
    halted: str = ""
    by_vendor: bool = False
    mirrored: bool = True
    members: tuple[Member, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()
    reports: Reports = Reports()
    windows_closed: dict[int, datetime | None] = field(default_factory=dict)

    def of(self, ring: int) -> list[Member]:
        """The members of a ring."""
        return [member for member in self.members if member.ring == ring]

    @property
    def is_held(self) -> bool:
        """Whether a person holds it now."""
        return bool(self.held) and (self.held_until is None or self.now < self.held_until)


@dataclass(frozen=True)
class Verdict:
    """``kind`` is halt, widen, wait or done; ``ring`` the place to open when it is widen."""

    kind: str
    why: Why
    ring: int = -1


@dataclass(frozen=True)
class Decision:
    """May a client go on? ``why`` says why (not)."""

    go: bool
    why: Why


def judge(s: Snapshot, limits: Limits) -> Verdict:
    """What follows from all that is known."""
    if s.halted:
        return Verdict("wait", _halted(s))
    if fault := _fault(s, limits):
        return Verdict("halt", fault)
    if s.is_held:
        return Verdict("wait", _held(s))
    if not s.mirrored:
        return Verdict("wait", Why("not_here"))
    if s.open >= len(s.rings) - 1:
        return _at_the_end(s, limits)
    return _onward(s, limits)


def may_go(
    s: Snapshot, client: str, step: str, limits: Limits, *, urgent: bool = False
) -> Decision:
    """May this client go on with the release?

    ``urgent``: it is a critical one that has waited for long enough; the window counts no more.
    """
    member = next((m for m in s.members if m.client == client), None)
    if s.halted:
        return Decision(False, _halted(s))
    if not s.mirrored or member is None:
        return _no("not_yours" if s.mirrored else "not_here")
    if s.is_held:
        return Decision(False, _held(s))
    ring = s.rings[member.ring].name
    if member.ring > s.open:
        opened = s.rings[s.open].name if s.open >= 0 else ""
        return _no("not_your_ring" if opened else "not_begun", ring=ring, open=opened)
    if step != "fetch" and (refusal := _not_now(s, member, limits, urgent=urgent)):
        return Decision(False, refusal)
    return Decision(True, Why("open", {"ring": ring}))


def places(s: Snapshot, ring: int, limits: Limits) -> int:
    """How many of a ring may be at it at once."""
    return share(len(s.of(ring)), limits.at_once)


def under_way(s: Snapshot, ring: int) -> int:
    """How many of a ring have a place now."""
    return sum(m.stand in _AT_IT for m in s.of(ring))


def needed(members: Sequence[Member], limits: Limits) -> int:
    """How many receipts are enough to go on; who has long been silent is not waited for."""
    there = sum(m.stand is not Stand.SILENT for m in members)
    return max(1, -(-there * limits.enough // 100))


def _fault(s: Snapshot, limits: Limits) -> Why | None:
    if len(s.failures) >= limits.most_failures:
        client, reason = s.failures[0]
        facts = {"version": s.version, "client": client, "more": len(s.failures) - 1}
        return Why("failed_many" if facts["more"] else "failed", facts | {"reason": reason})
    missing = [m.name for m in s.members if m.stand is Stand.MISSING]
    if len(missing) >= limits.most_missing:
        return Why("missing", {"version": s.version, "count": len(missing), "client": missing[0]})
    r = s.reports
    if limits.most_new_problems and len(r.new) >= limits.most_new_problems:
        return Why("new_problem", {"version": s.version, "count": len(r.new), "title": r.new[0]})
    if limits.error_factor and r.count >= limits.least_errors and r.hours_before >= 1:
        expected = r.before / r.hours_before * r.hours
        if r.count > limits.error_factor * expected:
            facts = {"version": s.version, "count": r.count, "expected": round(expected, 1)}
            return Why("error_rate", facts)
    return None


def _onward(s: Snapshot, limits: Limits) -> Verdict:
    """Does the next ring open?"""
    following = s.open + 1
    ring = s.rings[following]
    if s.forced >= following >= s.paced:
        return Verdict("widen", Why("forced", {"ring": ring.name}), following)
    if s.open >= 0 and (waits := _not_enough(s, limits)):
        return Verdict("wait", waits)
    if ring.approve and s.approved < following:
        return Verdict("wait", Why("approval", {"ring": ring.name}))
    return Verdict("widen", _widens(s, following), following)


def _not_now(s: Snapshot, member: Member, limits: Limits, *, urgent: bool) -> Why | None:
    """Why a client of an open ring may not switch at this moment."""
    if member.ring in s.windows_closed and not urgent:
        opens = s.windows_closed[member.ring]
        return Why("window", {"opens_at": stamp(opens)}) if opens else Why("window_never")
    # Who has a place keeps it: it may be in the middle of the switch.
    if member.stand not in _AT_IT:
        most = places(s, member.ring, limits)
        if under_way(s, member.ring) >= most:
            return Why("no_place", {"ring": s.rings[member.ring].name, "most": most})
    return None


def _not_enough(s: Snapshot, limits: Limits) -> Why | None:
    """What the open ring still lacks before the next may open."""
    members = s.of(s.open)
    if not members:
        return None
    ring = s.rings[s.open].name
    moments = sorted(m.since or s.now for m in members if m.stand is Stand.INSTALLED)
    enough = needed(members, limits)
    if len(moments) < enough:
        return Why("receipts", {"ring": ring, "have": len(moments), "need": enough})
    quiet_at = max(moments[enough - 1], s.open_at or s.now) + timedelta(seconds=limits.quiet)
    if s.now < quiet_at:
        return Why("quiet", {"ring": ring, "have": len(moments), "until_at": stamp(quiet_at)})
    return None


def _widens(s: Snapshot, following: int) -> Why:
    ring = s.rings[following].name
    if s.open < 0:
        return Why("begins", {"ring": ring, "version": s.version})
    members = s.of(s.open)
    before = s.rings[s.open].name
    if not members:
        return Why("empty", {"ring": ring, "before": before})
    have = sum(m.stand is Stand.INSTALLED for m in members)
    return Why("widens", {"ring": ring, "before": before, "have": have, "of": len(members)})


def _at_the_end(s: Snapshot, limits: Limits) -> Verdict:
    have = sum(m.stand is Stand.INSTALLED for m in s.members)
    facts = {"have": have, "of": len(s.members)}
    watched = s.now - (s.open_at or s.now) >= timedelta(seconds=limits.watch)
    left = [m for m in s.members if m.stand is Stand.BEFORE or m.stand in _AT_IT]
    if watched and not left:
        return Verdict("done", Why("done", facts))
    return Verdict("wait", Why("last" if left else "watched", facts))


def _held(s: Snapshot) -> Why:
    if s.held_until is None:
        return Why("held", {"by": s.held})
    return Why("held_until", {"by": s.held, "until_at": stamp(s.held_until)})


def _halted(s: Snapshot) -> Why:
    return Why("vendor" if s.by_vendor else "halted", {"reason": s.halted})


def _no(code: str, **facts: Any) -> Decision:
    return Decision(False, Why(code, facts))
