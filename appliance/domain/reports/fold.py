"""From events to sums, one event after the other, with what is not over yet carried along.

`fold` may stop after any event: what it needs to go on is the standing alone. A wait is counted in
the quarter-hour in which it ends, a handled part in the one in which it ends, an agent's time where
it was spent. So what is over never changes, and a reader adds `running` for what goes on now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from appliance.domain.agent_state import Presence, agent_state
from appliance.domain.conversation import AT_AN_AGENT, ENDED, SPOKEN_IN, Event, State
from appliance.domain.reports.sums import Sums, Times
from appliance.domain.service_level import Contacts, Target

# An agent's part: from the answer until it is done or given away.
_PART = {State.ACTIVE: "talk", State.HELD: "hold", State.WRAP_UP: "wrap"}
# It goes on when it is back at the same agent: meanwhile it is no time of theirs.
_GOES_ON = {*_PART, State.SNOOZED}
_WORK = {
    State.OFFERED: "offered", State.ACTIVE: "active", State.HELD: "active",
    State.WRAP_UP: "wrapping",
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """One event, as the table of events has it."""

    at: datetime
    kind: str
    conversation: int | None
    agent: int | None
    queue: int | None
    data: Mapping[str, Any]


@dataclass
class Going:
    """A conversation that is not over; moments in seconds of the epoch.

    Attributes:
        waits: since when it waits; None: it does not.
        talk, hold, wrap: of the part that its agent has in it now.
        reached: False: an agent calls the contact, and nobody has answered there.
        asked: colleagues whom it makes busy while it is spoken in.
    """

    channel: str = ""
    queue: int = 0
    state: str = State.NEW
    since: float = 0.0
    waits: float | None = None
    agent: int | None = None
    talk: float = 0.0
    hold: float = 0.0
    wrap: float = 0.0
    reached: bool = True
    asked: list[int] = field(default_factory=list)


@dataclass
class Seated:
    """An agent: presence, why they are away, and by conversation (as text) what they do in it."""

    presence: str = Presence.OFFLINE
    since: float = 0.0
    work: dict[str, str] = field(default_factory=dict)
    reason: str = ""

    @property
    def state(self) -> str:
        """As colleagues see it."""
        does = list(self.work.values())
        return agent_state(
            Presence(self.presence), offered=does.count("offered"), active=does.count("active"),
            wrapping=does.count("wrapping"),
        )  # fmt: skip


@dataclass
class Standing:
    """What is not over yet."""

    conversations: dict[int, Going] = field(default_factory=dict)
    agents: dict[int, Seated] = field(default_factory=dict)
    targets: dict[int, Target] = field(default_factory=dict)


def fold(facts: Iterable[Fact], standing: Standing) -> Sums:
    """Count ``facts``, in their order; ``standing`` is what it was before, and after."""
    sums = Sums()
    for fact in facts:
        room, _, verb = fact.kind.partition(".")
        at = fact.at.timestamp()
        if room == "conversation" and fact.conversation is not None:
            _conversation(fact, verb, at, standing, sums)
        elif room == "agent" and fact.agent is not None and "presence" in fact.data:
            seated = standing.agents.setdefault(fact.agent, Seated())
            _until(seated, fact.agent, at, sums)
            seated.presence = str(fact.data["presence"])
            seated.reason = str(fact.data.get("reason", ""))
        elif fact.kind == "queue.set" and fact.queue is not None and "target" in fact.data:
            standing.targets[fact.queue] = Target(**fact.data["target"])
    return sums


def running(standing: Standing, now: datetime) -> Sums:
    """What agents have spent until ``now`` of the states that they are in."""
    sums = Sums()
    for agent, seated in standing.agents.items():
        sums.spend(agent, seated.state, seated.since, now.timestamp(), seated.reason)
    return sums


def _conversation(fact: Fact, verb: str, at: float, standing: Standing, sums: Sums) -> None:
    assert fact.conversation is not None  # noqa: S101 - looked at by the caller
    begins = verb == "new" or "state" in fact.data
    if fact.conversation not in standing.conversations and not begins:
        return  # told after its end: it was rated, say, or described
    one = standing.conversations.setdefault(fact.conversation, Going(since=at))
    came_by, one.channel = one.channel, str(fact.data.get("channel", one.channel))
    if verb == "new" and fact.queue is not None:
        one.queue = fact.queue
    if verb == "reached" and not one.reached:  # it rang until now, and nobody spoke
        one.reached, one.since = True, at
    if verb in {"join", "part"} and fact.agent is not None:
        _asked(fact.conversation, one, fact, verb, at, standing, sums)
    if "state" not in fact.data:
        return
    if verb == Event.CALLBACK:  # out of the line, and into the row of those who are called back
        sums.queue(at, one.queue, came_by).called_back += 1
        sums.queue(at, one.queue, one.channel).arrived += 1
    state = str(fact.data["state"])
    if one.state in _PART:
        name = _PART[State(one.state)] if one.reached else "wrap"
        setattr(one, name, getattr(one, name) + at - one.since)
    holder = fact.agent if state in {*AT_AN_AGENT, State.SNOOZED} else None
    if one.state in _GOES_ON and (state not in _GOES_ON or holder != one.agent):
        _part_ends(one, at, sums)
    _count(fact, verb, one, at, sums)
    _wait(fact, verb, one, state, at, standing, sums)
    _beside(fact.conversation, one, holder, verb, state, at, standing, sums)
    _hand_over(fact.conversation, one, holder, state, at, standing, sums)
    one.state, one.since, one.agent = state, at, holder
    if state in ENDED:
        del standing.conversations[fact.conversation]


def _count(fact: Fact, verb: str, one: Going, at: float, sums: Sums) -> None:
    """What is an event and no time."""
    if verb == Event.REFUSE and fact.queue is not None:
        sums.queue(at, fact.queue, one.channel).refused += 1
    if verb == Event.CALL_OUT:
        sums.queue(at, one.queue, one.channel).called_out += 1
        one.reached = False
    if verb == Event.UNREACHED and one.reached:
        sums.queue(at, one.queue, one.channel).unreached += 1
    if verb == Event.LEAVE and one.state == State.NEW:
        sums.queue(at, one.queue, one.channel).left_menu += 1
    if verb == Event.TRANSFER:
        sums.queue(at, one.queue, one.channel).transferred += 1
    if fact.agent is None:
        return
    if verb == Event.TRANSFER:
        sums.agent(at, fact.agent).transferred += 1
    elif verb == Event.DECLINE:
        sums.agent(at, fact.agent).declined += 1
    elif verb == Event.MISS:
        sums.agent(at, fact.agent).missed += 1


def _wait(
    fact: Fact, verb: str, one: Going, state: str, at: float, standing: Standing, sums: Sums
) -> None:
    queue = fact.queue if fact.queue is not None else one.queue
    target = standing.targets.get(one.queue, Target())
    if one.waits is not None and state in _PART:
        sums.queue(at, one.queue, one.channel).answer(max(at - one.waits, 0), target)
        if fact.agent is not None:
            sums.agent(at, fact.agent).answered += 1
        one.waits = None
    elif one.waits is not None and state in ENDED:
        sums.queue(at, one.queue, one.channel).leave(max(at - one.waits, 0), target)
        one.waits = None
    elif verb == Event.RETRY:
        pass  # it was taken up: its wait is over, and is counted once
    elif state == State.QUEUED and (one.waits is None or verb == Event.QUEUE):
        # A message that was left out of hours waits from the next opening on.
        not_before = fact.data.get("not_before")
        opens = datetime.fromisoformat(not_before).timestamp() if not_before else at
        one.waits = max(at, opens)
        sums.queue(at, queue, one.channel).arrived += 1
    elif state == State.QUEUED and queue != one.queue:
        sums.queue(at, queue, one.channel).arrived += 1
    one.queue = queue


def _part_ends(one: Going, at: float, sums: Sums) -> None:
    if not one.reached:  # nobody spoke: no part that was handled
        sums.queue(at, one.queue, one.channel).unreached += 1
        one.wrap = 0.0
        return
    counted: list[Contacts | Times] = [sums.queue(at, one.queue, one.channel)]
    if one.agent is not None:
        counted.append(sums.agent(at, one.agent))
    for each in counted:
        each.handled += 1
        each.talk += one.talk
        each.hold += one.hold
        each.wrap += one.wrap
    one.talk = one.hold = one.wrap = 0.0


def _hand_over(
    id: int, one: Going, holder: int | None, state: str, at: float, standing: Standing, sums: Sums  # noqa: A002
) -> None:  # fmt: skip
    """Whoever had it has it no more, and whoever has it does what its state says."""
    does = _WORK.get(State(state), "") if holder is not None else ""
    for agent in {one.agent, holder} - {None}:
        assert agent is not None  # noqa: S101 - taken out above
        _does(id, agent, does if agent == holder else "", at, standing, sums)


def _asked(
    id: int, one: Going, fact: Fact, verb: str, at: float, standing: Standing, sums: Sums  # noqa: A002
) -> None:  # fmt: skip
    """A colleague comes into it, which may make them busy, or goes."""
    assert fact.agent is not None  # noqa: S101 - looked at by the caller
    if verb == "join" and fact.data.get("busy") and fact.agent not in one.asked:
        one.asked.append(fact.agent)
        _does(id, fact.agent, "active" if one.state in SPOKEN_IN else "", at, standing, sums)
    elif verb == "part" and fact.agent in one.asked:
        one.asked.remove(fact.agent)
        _does(id, fact.agent, "", at, standing, sums)


def _beside(
    id: int, one: Going, holder: int | None, verb: str, state: str, at: float,  # noqa: A002
    standing: Standing, sums: Sums,
) -> None:  # fmt: skip
    """Colleagues are busy as long as it is spoken in, and asked in no more once it is theirs."""
    for agent in one.asked:
        _does(id, agent, "active" if state in SPOKEN_IN else "", at, standing, sums)
    one.asked = [] if verb == Event.RETRY else [each for each in one.asked if each != holder]


def _does(
    id: int, agent: int, what: str, at: float, standing: Standing, sums: Sums  # noqa: A002
) -> None:  # fmt: skip
    """``agent`` does that in it from now on; empty: nothing."""
    seated = standing.agents.setdefault(agent, Seated(since=at))
    _until(seated, agent, at, sums)
    if what:
        seated.work[str(id)] = what
    else:
        seated.work.pop(str(id), None)


def _until(seated: Seated, agent: int, at: float, sums: Sums) -> None:
    sums.spend(agent, seated.state, seated.since, at, seated.reason)
    seated.since = at
