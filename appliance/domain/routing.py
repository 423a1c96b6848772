"""Who is offered what: a pure function of a snapshot, with the reason of each decision.

**Order of the waiting.** Priority of queue, conversation and rule, plus what the waiting time has
added (`Queue.ageing`); among equals who waits longest. Since time adds without end, everybody is
first one day.

**Choice among agents.** Available, in the queue, nothing ringing, capacity free, and what the
step of the conversation's rule asks for. Of those: the contact's last agent; else the least
occupied; else who has been idle longest.

**Nobody starves of weight either.** A call needs a whole agent, and agents with chats are never
whole by chance. From `Queue.reserve_after` on, the least occupied agent who would do is kept free
for it: nothing of lower rank is offered to that agent meanwhile.

**The same snapshot gives the same answer**, in whatever order its parts come: ties end at the id.
One offer an agent at a time. One writer applies the decisions of a queue, each in one transaction
that finds the conversation still waiting and the agent still free, or drops the decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from appliance.domain.capacity import FULL
from appliance.domain.demand import ANYBODY, Rule

DECLINE_PAUSE = 30.0  # seconds until who declined, or did not answer, may be offered the same again


@dataclass(frozen=True, slots=True)
class Seat:
    """An agent, as far as routing goes.

    Attributes:
        available: present, not away, not failing to respond.
        free: whether nothing rings and no after-call work holds them.
        load: what their conversations weigh together.
        idle_since: seconds on the snapshot's clock.
    """

    agent: int
    queues: frozenset[int]
    groups: frozenset[str] = frozenset()
    skills: Mapping[str, int] = field(default_factory=dict)
    available: bool = True
    free: bool = True
    load: int = 0
    capacity: int = FULL
    idle_since: float = 0.0

    @property
    def open(self) -> bool:
        """Whether something may be offered now."""
        return self.available and self.free and self.load < self.capacity


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation that waits.

    Attributes:
        since: when it began to wait, in seconds on the snapshot's clock; what was left out of hours
            waits from the opening on.
        rule: the queue's rule for its tags; the snapshot holds one object for all alike.
        last_agent: who spoke with the contact before.
        only_agent: a person gave it to this agent, who need not serve the queue nor have its
            skills; it waits for nobody else while they are available and have not declined, nor for
            the queue to open.
        declined: agents who did not want it or did not answer.
        on_the_line: somebody holds the line; they came in hours, and are served though the queue
            has closed meanwhile. Whoever else waits is answered when it opens.
    """

    conversation: int
    queue: int
    since: float
    weight: int = FULL
    priority: int = 0
    rule: Rule = ANYBODY
    last_agent: int | None = None
    only_agent: int | None = None
    declined: frozenset[int] = frozenset()
    on_the_line: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """Of a queue, what routing needs; see `appliance.domain.queue.Queue`."""

    priority: int = 0
    ageing: float = 1.0
    ring: float = 20.0
    sticky: float = 0.0
    reserve_after: float = 10.0
    open: bool = True


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a decision depends on; ``now`` in seconds."""

    now: float
    seats: Sequence[Seat]
    waiting: Sequence[Waiting]
    policies: Mapping[int, Policy]


class Reason(StrEnum):
    """Why this agent; each has a sentence in the texts, and `Why` its blanks."""

    NAMED = "named"
    LAST_AGENT = "last_agent"
    ONLY_ONE = "only_one"
    LEAST_OCCUPIED = "least_occupied"
    LONGEST_IDLE = "longest_idle"


@dataclass(frozen=True, slots=True)
class Why:
    """The reason of an offer, kept with it.

    Attributes:
        rule: the name of the rule that asked for the agent.
        step: which of its steps, from 0.
        waited: seconds.
        candidates: how many agents would have done.
    """

    reason: Reason
    rule: str
    step: int
    waited: float
    candidates: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Offer the conversation to the agent, until ``until`` (seconds on the snapshot's clock)."""

    conversation: int
    agent: int
    until: float
    why: Why


def route(snapshot: Snapshot) -> list[Decision]:
    """Every offer that can be made now, most urgent first."""
    return list(decisions(snapshot))


def decisions(snapshot: Snapshot) -> Iterator[Decision]:
    """The offers one by one: whoever wants only the next one pays for no more."""
    reachable = [seat for seat in snapshot.seats if seat.available]
    open_seats = {seat.agent: seat for seat in reachable if seat.open}
    if not open_seats:
        return
    choices = _Choices(reachable)
    for one in _in_order(snapshot):
        policy = snapshot.policies[one.queue]
        waited = snapshot.now - one.since
        named = choices.named(one)
        if named is not None:
            seat, why = _for_named(one, named, policy, waited, open_seats)
        elif _served(one, policy):
            seat, why = _choose(one, policy, waited, choices, open_seats)
        else:
            continue  # its agent is not there
        if seat is not None:
            open_seats.pop(seat.agent, None)
            if why is not None:
                yield Decision(one.conversation, seat.agent, snapshot.now + policy.ring, why)
        if not open_seats:
            return


def places(snapshot: Snapshot) -> dict[int, int]:
    """How many of its queue are served before each of those that wait, in one look."""
    found: dict[int, int] = {}
    ahead: dict[int, int] = {}
    for one in _in_order(snapshot, also_closed=True):
        found[one.conversation] = ahead.get(one.queue, 0)
        ahead[one.queue] = found[one.conversation] + 1
    return found


def _in_order(snapshot: Snapshot, *, also_closed: bool = False) -> list[Waiting]:
    policies, now = snapshot.policies, snapshot.now

    def offered(one: Waiting) -> bool:
        return also_closed or one.only_agent is not None or _served(one, policies[one.queue])

    def urgency(one: Waiting) -> tuple[float, float, int]:
        policy = policies[one.queue]
        score = (
            policy.priority
            + one.priority
            + one.rule.priority
            + policy.ageing * (now - one.since) / 60
        )
        return -score, one.since, one.conversation

    return sorted(filter(offered, snapshot.waiting), key=urgency)


def _served(one: Waiting, policy: Policy) -> bool:
    """By those who serve its queue."""
    return policy.open or one.on_the_line


def _for_named(
    one: Waiting, named: Seat, policy: Policy, waited: float, open_seats: Mapping[int, Seat]
) -> tuple[Seat | None, Why | None]:
    """The agent whom a person gave it to, as in `_choose`; None: they have something else."""
    if named.agent in open_seats and named.capacity - named.load >= one.weight:
        return named, Why(Reason.NAMED, one.rule.name, one.rule.step(waited), waited, 1)
    return (named if waited >= policy.reserve_after else None), None


def _choose(
    one: Waiting,
    policy: Policy,
    waited: float,
    choices: _Choices,
    open_seats: Mapping[int, Seat],
) -> tuple[Seat | None, Why | None]:
    """The agent: with a reason for an offer, without one when they are only kept free."""
    step = one.rule.step(waited)
    able = choices.able(one, step)
    able.forget_all_but(open_seats)
    fitting = able.fitting
    if one.declined:
        fitting = [seat for seat in fitting if seat.agent not in one.declined]
    if fitting:
        last = able.by_agent.get(one.last_agent) if one.last_agent is not None else None
        if (
            last is not None
            and last not in fitting
            and one.last_agent not in one.declined
            and waited < policy.sticky
        ):
            return None, None  # the contact's own agent is at work: a moment more for them
        seat = last if last in fitting else fitting[0]
        return seat, Why(_reason(one, seat, fitting), one.rule.name, step, waited, len(fitting))
    if waited >= policy.reserve_after:
        roomy = (
            seat
            for seat in able.open
            if seat.capacity >= one.weight and seat.agent not in one.declined
        )
        return next(roomy, None), None
    return None, None


def _reason(one: Waiting, seat: Seat, fitting: Sequence[Seat]) -> Reason:
    if seat.agent == one.last_agent:
        return Reason.LAST_AGENT
    if len(fitting) == 1:
        return Reason.ONLY_ONE
    if _occupied(seat) < _occupied(fitting[1]):
        return Reason.LEAST_OCCUPIED
    return Reason.LONGEST_IDLE


def _occupied(seat: Seat) -> float:
    return seat.load / seat.capacity


class _Able:
    """Agents who would do for one kind of conversation, best first.

    Attributes:
        by_agent: all of them.
        open: those to whom something may still be offered in this round.
        fitting: of these, who have the capacity free.
    """

    def __init__(self, seats: Sequence[Seat], weight: int) -> None:
        self.by_agent = {seat.agent: seat for seat in seats}
        self.open = list(seats)
        self.fitting = [seat for seat in seats if seat.capacity - seat.load >= weight]
        self._seen = -1

    def forget_all_but(self, open_seats: Mapping[int, Seat]) -> None:
        """A round only ever takes agents away, so each is looked at no more than once after."""
        if len(open_seats) != self._seen:
            self._seen = len(open_seats)
            self.open = [seat for seat in self.open if seat.agent in open_seats]
            self.fitting = [seat for seat in self.fitting if seat.agent in open_seats]


class _Choices:
    """Who would do for conversations of one kind, looked up once a snapshot and not once each."""

    def __init__(self, seats: Sequence[Seat]) -> None:
        self._best_first = sorted(
            (seat for seat in seats if seat.capacity > 0),
            key=lambda seat: (_occupied(seat), seat.idle_since, seat.agent),
        )
        self._by_agent = {seat.agent: seat for seat in self._best_first}
        self._known: dict[tuple[int, int, Rule, int], _Able] = {}

    def named(self, one: Waiting) -> Seat | None:
        """The agent whom a person gave it to, if they can take it sooner or later."""
        if one.only_agent is None or one.only_agent in one.declined:
            return None
        seat = self._by_agent.get(one.only_agent)
        return seat if seat is not None and seat.capacity >= one.weight else None

    def able(self, one: Waiting, step: int) -> _Able:
        """Who would do for ``one`` at this step of its rule."""
        key = (one.queue, one.weight, one.rule, step)
        found = self._known.get(key)
        if found is None:
            need = one.rule.steps[step].need
            seats = [
                seat
                for seat in self._best_first
                if one.queue in seat.queues and need.met_by(seat.groups, seat.skills)
            ]
            found = self._known[key] = _Able(seats, one.weight)
        return found
