"""Whatever clients, time and people do: the promises of `comm_server.rollout.rules` hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from comm_server.rollout.rules import (
    Limits,
    Member,
    Reports,
    Snapshot,
    Stand,
    Verdict,
    judge,
    may_go,
    needed,
    places,
    under_way,
)
from comm_server.rollout.words import LANGUAGES, TEXTS, say
from common.wire.rollout import Ring
from tests.support.clock import START

NAMES = ("canary", "desk", "all")


class Site(RuleBasedStateMachine):
    """A release on a site of up to a dozen clients, judged after everything that happens."""

    @initialize(
        rings=st.lists(st.integers(0, 2), min_size=1, max_size=12),
        approve=st.tuples(st.booleans(), st.booleans(), st.booleans()),
        limits=st.builds(
            Limits,
            at_once=st.integers(1, 100),
            enough=st.integers(1, 100),
            quiet=st.sampled_from([0.0, 600.0]),
            watch=st.just(3600.0),
            most_failures=st.integers(1, 3),
            most_missing=st.integers(1, 2),
            most_new_problems=st.integers(0, 2),
            error_factor=st.sampled_from([0.0, 3.0]),
        ),
    )
    def begin(self, rings: list[int], approve: tuple[bool, ...], limits: Limits) -> None:
        self.limits = limits
        self.s = Snapshot(
            now=START,
            version="1.0.2",
            rings=tuple(Ring(name, 0, ask) for name, ask in zip(NAMES, approve, strict=True)),
            members=tuple(Member(f"c-{n}", f"seat-{n}", ring) for n, ring in enumerate(rings)),
        )
        self.widest = -1

    def put(self, client: int, **changes: object) -> None:
        members = list(self.s.members)
        members[client] = replace(members[client], since=self.s.now, **changes)
        self.s = replace(self.s, members=tuple(members))

    def pick(self, number: int, *stands: Stand) -> int | None:
        found = [n for n, m in enumerate(self.s.members) if m.stand in stands]
        return found[number % len(found)] if found else None

    @rule(number=st.integers(0, 100), step=st.sampled_from(["fetch", "ready", "switch"]))
    def a_client_asks(self, number: int, step: str) -> None:
        self.asks(number % len(self.s.members), step)

    @rule()
    def everybody_wants_to_switch(self) -> None:
        for client in range(len(self.s.members)):
            self.asks(client, "switch")

    @rule()
    def everybody_who_is_at_it_commits(self) -> None:
        while (client := self.pick(0, Stand.GOING)) is not None:
            self.put(client, stand=Stand.INSTALLED)

    def asks(self, client: int, step: str) -> None:
        member = self.s.members[client]
        decision = may_go(self.s, member.client, step, self.limits)
        if decision.go:
            assert not self.s.halted
            assert not self.s.is_held
            assert member.ring <= self.s.open
            if step == "switch" and member.stand in {Stand.BEFORE, Stand.SILENT}:
                self.put(client, stand=Stand.GOING)
                ring = member.ring
                assert under_way(self.s, ring) <= places(self.s, ring, self.limits)
        self.told(decision.why)

    @rule(
        number=st.integers(0, 100), stand=st.sampled_from(["installed"] * 4 + ["failed", "missing"])
    )
    def a_client_ends(self, number: int, stand: str) -> None:
        client = self.pick(number, Stand.GOING)
        if client is None:
            return
        self.put(client, stand=Stand(stand))
        if stand == "failed":
            failed = (self.s.members[client].name, "it died")
            self.s = replace(self.s, failures=(*self.s.failures, failed))

    @rule(number=st.integers(0, 100))
    def a_client_falls_silent_or_speaks_again(self, number: int) -> None:
        client = self.pick(number, Stand.BEFORE, Stand.SILENT)
        if client is not None:
            silent = self.s.members[client].stand is Stand.SILENT
            self.put(client, stand=Stand.BEFORE if silent else Stand.SILENT)

    @rule(seconds=st.sampled_from([1, 300, 700, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.s = replace(self.s, now=self.s.now + timedelta(seconds=seconds))

    @rule(new=st.sampled_from([0, 0, 0, 0, 0, 2]), count=st.sampled_from([0, 0, 0, 9, 40]))
    def it_reports(self, new: int, count: int) -> None:
        reports = Reports(("it broke",) * new, count, hours=1.0, before=2, hours_before=10.0)
        self.s = replace(self.s, reports=reports)

    @rule(closed=st.booleans(), ring=st.integers(0, 2))
    def a_window_opens_or_closes(self, closed: bool, ring: int) -> None:
        opens = {ring: self.s.now + timedelta(hours=1)} if closed else {}
        self.s = replace(self.s, windows_closed=opens)

    @rule(order=st.sampled_from(["hold", "approve", "open", "resume", "resume", "resume"]))
    def a_person_orders(self, order: str) -> None:
        if order == "hold":
            self.s = replace(self.s, held="Ann")
        elif order == "approve":
            self.s = replace(self.s, approved=self.s.open + 1)
        elif order == "open":
            self.s = replace(self.s, forced=self.s.open + 1)
        else:
            self.resume()

    def resume(self) -> None:
        """As `Orders.resume`: what happened until now counts no longer."""
        self.s = replace(self.s, halted="", held="", failures=(), reports=Reports())
        for client, member in enumerate(self.s.members):
            if member.stand is Stand.MISSING:
                self.put(client, stand=Stand.SILENT)

    @invariant()
    def it_is_judged(self) -> None:
        for _ in range(10):
            before, verdict = self.s, judge(self.s, self.limits)
            self.told(verdict.why)
            if before.halted:
                assert verdict.kind == "wait"
            if verdict.kind == "halt":
                self.s = replace(self.s, halted=say(verdict.why, "en"))
                for member in self.s.members:
                    for step in ("fetch", "ready", "switch"):
                        assert not may_go(self.s, member.client, step, self.limits).go
            elif verdict.kind == "widen":
                self.widened(verdict)
                continue
            break
        else:
            raise AssertionError("it never came to rest")
        assert self.s.open >= self.widest
        self.widest = self.s.open

    def widened(self, verdict: Verdict) -> None:
        s = self.s
        assert verdict.ring == s.open + 1
        assert not s.halted
        assert not s.is_held
        if s.forced < verdict.ring:
            assert not s.rings[verdict.ring].approve or s.approved >= verdict.ring
            members = s.of(s.open)
            if s.open >= 0 and members:
                well = sorted(m.since for m in members if m.stand is Stand.INSTALLED and m.since)
                enough = needed(members, self.limits)
                assert len(well) >= enough
                assert (s.now - well[enough - 1]).total_seconds() >= self.limits.quiet
        self.s = replace(s, open=verdict.ring, open_at=s.now)

    def told(self, why: object) -> None:
        """Every decision has its sentence, in both languages, with everything put in."""
        for language in LANGUAGES:
            sentence = say(why, language)  # type: ignore[arg-type]
            assert not sentence.startswith("rollout.")
            assert "{" not in sentence


Site.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSite = Site.TestCase


@given(
    stands=st.lists(st.sampled_from(["installed", "installed", "before", "silent", "going"])),
    enough=st.integers(1, 100),
    quiet=st.sampled_from([0.0, 60.0, 600.0]),
    passed=st.sampled_from([0.0, 59.0, 60.0, 599.0, 600.0]),
    approve=st.booleans(),
    approved=st.booleans(),
)
def test_a_ring_opens_exactly_when_the_one_before_is_well_and_quiet_and_it_was_let(
    stands: list[str], enough: int, quiet: float, passed: float, approve: bool, approved: bool
) -> None:
    limits = Limits(enough=enough, quiet=quiet)
    members = [Member(f"c-{n}", "", 0, Stand(one), START) for n, one in enumerate(stands)]
    s = Snapshot(
        now=START + timedelta(seconds=passed),
        version="1.0.2",
        rings=(Ring("canary"), Ring("all", approve=approve)),
        open=0,
        open_at=START,
        approved=1 if approved else 0,
        members=(*members, Member("c-last", "", 1)),
    )
    well = stands.count("installed") >= needed(members, limits) and passed >= quiet
    opens = (well or not members) and (approved or not approve)
    assert (judge(s, limits).kind == "widen") == opens


def test_both_languages_have_every_sentence() -> None:
    english, chinese = (
        {key for key in TEXTS._catalogues[language] if key.startswith("rollout.")}
        for language in ("en", "zh-CN")
    )
    assert english == chinese
    assert english
