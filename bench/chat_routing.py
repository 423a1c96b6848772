"""Routing: 200 agents of mixed skills, 1,000 waiting in four queues; the rules, no database."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from appliance.domain.demand import Need, Rule, Step
from appliance.domain.routing import Policy, Seat, Snapshot, Waiting, route

_AGENTS, _WAITING = 200, 1000


def snapshot() -> Snapshot:
    """All agents full; one of them frees in `one_frees`."""
    chance = random.Random(1)
    skills = ("english", "billing", "technology")
    rules = [
        Rule("vip", steps=(Step(0, Need(skills={"billing": 3})), Step(60, Need()))),
        Rule("anybody"),
        Rule("english", steps=(Step(0, Need(skills={"english": 2})), Step(30, Need()))),
    ]
    seats = [
        Seat(agent=n, queues=frozenset(chance.sample(range(1, 5), 2)), load=100,
             skills={one: chance.randint(1, 5) for one in skills}, idle_since=float(n))
        for n in range(_AGENTS)
    ]  # fmt: skip
    waiting = [
        Waiting(conversation=n, queue=chance.randint(1, 4), since=1000.0 - chance.random() * 300,
                weight=25, rule=chance.choice(rules), priority=chance.randint(0, 2))
        for n in range(_WAITING)
    ]  # fmt: skip
    return Snapshot(1000.0, seats, waiting, {n: Policy(priority=n) for n in range(1, 5)})


def one_frees(at: Snapshot) -> Snapshot:
    """One chat of one agent has ended."""
    seats = list(at.seats)
    seats[17] = replace(seats[17], load=75)
    return replace(at, seats=seats)


def all_free(at: Snapshot) -> Snapshot:
    """Everybody comes at once."""
    return replace(at, seats=[replace(seat, load=0) for seat in at.seats])


def table(runs: int) -> None:
    """Print the rows; milliseconds."""
    at = snapshot()
    print(f"\n| routing, {_AGENTS} agents, {_WAITING:,} waiting | p50, ms | p99, ms | offers |\n"
          "|---|---|---|---|")  # fmt: skip
    for words, change in (("one agent frees", one_frees), ("all come at once", all_free)):
        _row(words, change(at), runs, route)


def _row(words: str, at: Snapshot, runs: int, decide: Callable[[Snapshot], list[object]]) -> None:
    offers, took = 0, []
    for _ in range(runs):
        begun = time.perf_counter()
        offers = len(decide(at))
        took.append((time.perf_counter() - begun) * 1000)
    p99 = sorted(took)[int(0.99 * len(took))]
    print(f"| {words} | {statistics.median(took):.2f} | {p99:.2f} | {offers} |")
