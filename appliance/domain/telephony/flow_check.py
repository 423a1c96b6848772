"""What is wrong with a flow: everything at once, each with its step, so that it can be mended."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from appliance.domain.telephony.flow import KEYS, Flow, Kind, Step

MOST_STEPS = 100
MOST_TRIES = 9
MOST_SECONDS = 60.0
# What a kind must have, and may have, of ways and of the rest.
_MUST: Mapping[Kind, frozenset[str]] = {
    Kind.PLAY: frozenset({"say", "next"}),
    Kind.MENU: frozenset({"say", "keys", "otherwise"}),
    Kind.HOURS: frozenset({"queue", "open", "closed"}),
    Kind.QUEUE: frozenset({"queue"}),
    Kind.VOICEMAIL: frozenset({"queue"}),
    Kind.CALLBACK: frozenset({"queue", "otherwise"}),
    Kind.TRANSFER: frozenset({"agent", "queue"}),
    Kind.HANG_UP: frozenset(),
}
_MAY: Mapping[Kind, frozenset[str]] = {
    Kind.QUEUE: frozenset({"otherwise"}),
    Kind.VOICEMAIL: frozenset({"say"}),
    Kind.HANG_UP: frozenset({"say"}),
}
_SENTENCES = {
    "empty": "The flow has no steps; add one",
    "too_many": "The flow has more than {most} steps; make two of it",
    "start": "The flow begins at {start!r}, which is no step of it",
    "lacks": "The step {step!r} lacks {part!r}",
    "extra": "The step {step!r} has {part!r}, which means nothing there",
    "nowhere": "The step {step!r} leads to {to!r}, which is no step of the flow",
    "key": "The step {step!r} asks for {key!r}; a telephone has 0 to 9, * and #",
    "tries": "The step {step!r} asks {tries} times; 1 to {most} is possible",
    "seconds": "The step {step!r} waits {seconds} seconds; 1 to {most} is possible",
    "prompt": "The step {step!r} says something that is neither a text nor a recording",
    "recording": "The step {step!r} plays the recording {recording}, which does not exist",
    "queue": "The step {step!r} names the queue {queue}, which does not exist",
    "agent": "The step {step!r} names the agent {agent}, who does not exist",
    "circle": "Who presses nothing would go round and round from the step {step!r}; lead one way "
    "to a queue, a voicemail or the end",
    "unreached": "No way leads to the step {step!r}; remove it, or lead one there",
}


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong.

    Attributes:
        step: where; empty: with the whole.
        what: a stable word, of which pages have a text.
        blanks: for that text.
    """

    step: str
    what: str
    blanks: Mapping[str, object]

    def __str__(self) -> str:
        return _SENTENCES[self.what].format(step=self.step, **self.blanks)


@dataclass(frozen=True)
class Known:
    """What a flow may name."""

    queues: Collection[int]
    agents: Collection[int]
    recordings: Collection[int]


def troubles(flow: Flow, known: Known) -> list[Trouble]:
    """All of them; empty: it can be published."""
    if not flow.steps:
        return [_trouble("", "empty")]
    if len(flow.steps) > MOST_STEPS:
        return [_trouble("", "too_many", most=MOST_STEPS)]
    found = [] if flow.start in flow.steps else [_trouble("", "start", start=flow.start)]
    for name, step in flow.steps.items():
        found += _of_step(name, step, flow, known)
    return found or [*_circles(flow), *_unreached(flow)]


def _of_step(name: str, step: Step, flow: Flow, known: Known) -> Iterator[Trouble]:
    has = {what for what in ("say", "keys", "queue", "agent") if getattr(step, what)}
    has |= set(step.ways)
    must, may = _MUST[step.kind], _MAY.get(step.kind, frozenset())
    for what in sorted(must - has):
        yield _trouble(name, "lacks", part=what)
    for what in sorted(has - must - may):
        yield _trouble(name, "extra", part=what)
    for to in sorted(step.on() - set(flow.steps)):
        yield _trouble(name, "nowhere", to=to)
    for key in sorted(set(step.keys) - KEYS):
        yield _trouble(name, "key", key=key)
    if not 1 <= step.tries <= MOST_TRIES:
        yield _trouble(name, "tries", tries=step.tries, most=MOST_TRIES)
    if not 1 <= step.seconds <= MOST_SECONDS:
        yield _trouble(name, "seconds", seconds=step.seconds, most=int(MOST_SECONDS))
    if step.queue and step.queue not in known.queues:
        yield _trouble(name, "queue", queue=step.queue)
    if step.agent and step.agent not in known.agents:
        yield _trouble(name, "agent", agent=step.agent)
    for prompt in step.say:
        if bool(prompt.text.strip()) == bool(prompt.recording):
            yield _trouble(name, "prompt")
        elif prompt.recording and prompt.recording not in known.recordings:
            yield _trouble(name, "recording", recording=prompt.recording)


def _circles(flow: Flow) -> Iterator[Trouble]:
    """Who presses nothing must come to an end: the ways that need no key must have no circle."""
    done: set[str] = set()
    for name in flow.steps:
        path: list[str] = []
        left = [(name, 0)]
        while left:
            here, depth = left.pop()
            del path[depth:]
            if here in path:
                yield _trouble(here, "circle")
                return
            if here in done:
                continue
            path.append(here)
            left += [(to, depth + 1) for to in flow.steps[here].ways.values()]
        done.add(name)


def _unreached(flow: Flow) -> Iterator[Trouble]:
    seen, left = set(), [flow.start]
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            left += flow.steps[name].on()
    for name in flow.steps:
        if name not in seen:
            yield _trouble(name, "unreached")


def _trouble(step: str, what: str, **blanks: object) -> Trouble:
    return Trouble(step, what, blanks)
