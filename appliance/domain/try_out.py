"""Who would get a conversation, and why not the others: routing asked with one that does not exist.

The order is routing's own: it is asked again and again, each time without whom it named before.
Only then is it said of everybody else what they lack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from appliance.domain.demand import Need
from appliance.domain.routing import Decision, Seat, Snapshot, Waiting, route


@dataclass(frozen=True)
class Choice:
    """One agent.

    Attributes:
        place: 1 is asked first; None: would not be asked.
        word: of a text below ``routing.why`` or, without a place, ``routing.why_not``.
        blanks: of that text.
    """

    agent: int
    place: int | None
    word: str
    blanks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TryOut:
    """What would happen.

    Attributes:
        rule, step: that would decide; the step counts from 1.
        choices: those that would be asked, in order; then the others.
        holds: why nobody would be asked now although somebody would do: ``closed``,
            ``waits_for_last_agent``; empty: nothing holds it.
    """

    rule: str
    step: int
    choices: list[Choice]
    holds: str = ""


def try_out(snapshot: Snapshot, one: Waiting) -> TryOut:
    """Ask for ``one`` alone, whoever else waits."""
    alone = replace(snapshot, waiting=[one])
    choices: list[Choice] = []
    while found := route(alone):
        choices.append(_chosen(found[0], len(choices) + 1))
        asked = one.declined | {choice.agent for choice in choices}
        alone = replace(alone, waiting=[replace(one, declined=asked)])
    step = one.rule.step(snapshot.now - one.since)
    need = one.rule.steps[step].need
    named = {choice.agent for choice in choices}
    others = sorted(
        (seat for seat in snapshot.seats if seat.agent not in named), key=lambda seat: seat.agent
    )
    choices += [_left_out(seat, one, need) for seat in others]
    return TryOut(one.rule.name, step + 1, choices, _holds(snapshot, one, choices))


def _chosen(decision: Decision, place: int) -> Choice:
    why = decision.why
    word = str(why.reason) if place == 1 else "next"
    return Choice(decision.agent, place, word, {"candidates": why.candidates})


def _left_out(seat: Seat, one: Waiting, need: Need) -> Choice:
    """What the agent lacks; the first that an administrator can mend comes first."""
    free = seat.capacity - seat.load
    short = [skill for skill, level in sorted(need.skills.items())
             if seat.skills.get(skill, 0) < level]  # fmt: skip
    lacks: list[tuple[bool, str, dict[str, Any]]] = [
        (one.queue not in seat.queues, "not_in_queue", {}),
        (
            bool(need.groups) and not need.groups & seat.groups,
            "group", {"groups": ", ".join(sorted(need.groups))},
        ),
        *(
            (True, "skill", {"skill": skill, "level": need.skills[skill],
                             "has": seat.skills.get(skill, 0)})
            for skill in short
        ),
        (not seat.available, "not_available", {}),
        (not seat.free, "not_free", {}),
        (free < one.weight, "no_capacity", {"free": max(free, 0), "weight": one.weight}),
    ]  # fmt: skip
    word, blanks = next(((word, blanks) for is_so, word, blanks in lacks if is_so), ("could", {}))
    return Choice(seat.agent, None, word, blanks)


def _holds(snapshot: Snapshot, one: Waiting, choices: list[Choice]) -> str:
    if not snapshot.policies[one.queue].open:
        return "closed"
    if any(choice.word == "could" for choice in choices):
        return "waits_for_last_agent"
    return ""
