"""The wallboard: each queue and everybody's state, as it is at this moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from appliance.domain.agent_state import AgentState
from appliance.domain.conversation import State
from appliance.domain.labels import LabelKind
from appliance.domain.queue import Queue
from appliance.domain.records import Agent, Conversation
from appliance.domain.reports.book import Book
from appliance.domain.reports.periods import zone_of
from appliance.domain.reports.sums import QUARTER, Times
from appliance.domain.service_level import (
    Contacts,
    Figures,
    Target,
    expected_wait,
    figures,
    occupancy,
)
from appliance.domain.work import Floor, Work
from appliance.services.presence import state_of
from appliance.services.take_part import asked_in

# So few contacts say nothing about a service level: one unlucky one would be an alarm.
_LEAST_CONTACTS = 3
_HERE = frozenset({AgentState.AVAILABLE, AgentState.OFFERED, AgentState.BUSY, AgentState.WRAP_UP})


class Alert(StrEnum):
    """What asks for a supervisor."""

    SERVICE_LEVEL = "service_level"  # below the target, in the last quarter-hours
    WAIT = "wait"  # somebody waits longer than the target allows
    NOBODY = "nobody"  # somebody waits, and nobody is there to answer


@dataclass(frozen=True)
class Seen:
    """An agent, since when they are in the state that is seen, and why they are away, in words."""

    agent: Agent
    state: AgentState
    since: datetime | None
    conversations: Sequence[Conversation]
    away_names: Mapping[str, str]


@dataclass(frozen=True)
class Board:
    """One queue, or (``queue`` is None) all together.

    Attributes:
        waiting: how many wait now; with `waits_since`, the oldest of them.
        now: of this quarter-hour and the one before; in its service level, who waits past the
            target now counts as missed.
        today: since midnight.
        occupancy: today, of those who serve the queue now.
        states: of those who serve it, how many are in which.
        expects: seconds that somebody who comes now will wait; None: nobody can say.
    """

    queue: Queue | None
    open: bool
    waiting: int
    waits_since: datetime | None
    now: Figures
    today: Figures
    occupancy: float | None
    states: Counter[AgentState]
    expects: float | None
    alerts: list[Alert]


@dataclass(frozen=True)
class Wall:
    """Everything; ``switch_silent``: of the telephones, for which no call is offered."""

    at: datetime
    queues: list[Board]
    together: Board
    agents: list[Seen]
    switch_silent: bool


def wall(floor: Floor, book: Book, zone: str) -> Wall:
    """The wallboard; ``zone`` says when today began. Raises ValueError for an unknown one."""
    state = floor.read(_Floor)
    local = state.now.astimezone(zone_of(zone))
    midnight = datetime.combine(local.date(), time(0), local.tzinfo)
    today, times = book.since(midnight, midnight)
    lately, _ = book.since(
        datetime.fromtimestamp(state.now.timestamp() - QUARTER, local.tzinfo), state.now
    )
    boards = [
        _board(state, [queue], today, lately, times)
        for queue in sorted(state.queues.values(), key=lambda queue: queue.name)
    ]
    together = _board(state, list(state.queues.values()), today, lately, times, whole=True)
    return Wall(state.now, boards, together, state.seen, state.switch_silent)


def seen_agents(work: Work) -> list[Seen]:
    """Everybody who has ever been at a desk, by name."""
    loads, asked = work.loads(), asked_in(work)
    agents = work.agents()
    away = any(one.away_reason for one in agents)
    names = {
        one.word: one.names
        for one in (work.labels.all() if away else ()) if one.kind is LabelKind.AWAY
    }  # fmt: skip
    found = [
        _seen(one, loads.get(one.id, ()), asked.get(one.id), names.get(one.away_reason, {}))
        for one in agents
    ]
    return sorted(found, key=lambda one: one.agent.name)


class _Floor:
    """What is read in one moment."""

    def __init__(self, work: Work) -> None:
        self.now, self.switch_silent = work.now, work.switch_silent
        self.queues = work.queues()
        self.waiting = [one for one in work.waiting()
                        if one.not_before is None or one.not_before <= work.now]  # fmt: skip
        self.seen = seen_agents(work)
        ringing = [one for seen in self.seen for one in seen.conversations
                   if one.state is State.OFFERED]  # fmt: skip
        self.waiting += ringing  # it rings, and the contact waits on


def _board(
    state: _Floor,
    queues: Sequence[Queue],
    today: dict[int, Contacts],
    lately: dict[int, Contacts],
    times: dict[int, Times],
    *,
    whole: bool = False,
) -> Board:
    ids = {queue.id for queue in queues}
    waits = [(state.queues[one.queue], since) for one in state.waiting
             if one.queue in ids and (since := one.waits_from)]  # fmt: skip
    oldest = min((since for _queue, since in waits), default=None)
    late = sum((state.now - since).total_seconds() > queue.target.within for queue, since in waits)
    serving = [one for one in state.seen if ids & one.agent.queues]
    states = Counter(one.state for one in serving)
    here = sum(states[one] for one in _HERE)
    now, day = figures(_sum(lately, ids), late), figures(_sum(today, ids))
    is_open = any(queue.hours.open_at(state.now) for queue in queues)
    alerts = [] if whole else _alerts(queues[0].target, now, oldest, state.now, here, late)
    return Board(
        queue=None if whole else queues[0],
        open=is_open,
        waiting=len(waits),
        waits_since=oldest,
        now=now,
        today=day,
        occupancy=_occupancy(serving, times),
        states=states,
        expects=expected_wait(len(waits), here, day.aht) if day.aht else None,
        alerts=alerts if is_open else [],
    )


def _alerts(
    target: Target, now: Figures, oldest: datetime | None, moment: datetime, here: int, late: int
) -> list[Alert]:
    found = []
    counted = now.answered + now.abandoned + late
    if (
        now.service_level is not None
        and now.service_level < target.share
        and counted >= _LEAST_CONTACTS
    ):
        found.append(Alert.SERVICE_LEVEL)
    if oldest is not None:
        if (moment - oldest).total_seconds() > target.within:
            found.append(Alert.WAIT)
        if not here:
            found.append(Alert.NOBODY)
    return found


def _occupancy(serving: Sequence[Seen], times: dict[int, Times]) -> float | None:
    together = Times()
    for one in serving:
        together.add(times.get(one.agent.id, Times()))
    return occupancy(vars(together))


def _sum(by_queue: dict[int, Contacts], ids: set[int]) -> Contacts:
    together = Contacts()
    for queue in ids:
        together.add(by_queue.get(queue, Contacts()))
    return together


def _seen(
    agent: Agent,
    has: Sequence[Conversation],
    asked: datetime | None,
    away_names: Mapping[str, str],
) -> Seen:
    """``asked``: since when they take part in a colleague's call."""
    state = state_of(agent, has, asked_in=asked is not None)
    of_state = {
        AgentState.OFFERED: {State.OFFERED}, AgentState.BUSY: {State.ACTIVE, State.HELD},
        AgentState.WRAP_UP: {State.WRAP_UP},
    }.get(state, set())  # fmt: skip
    moments = [one.state_since for one in has if one.state in of_state and one.state_since]
    if asked is not None and state is AgentState.BUSY:
        moments.append(asked)
    return Seen(agent, state, min(moments, default=agent.presence_since), has, away_names)
