"""What a caller goes through before a queue: steps that speak, ask for a key, look at hours.

A flow is a picture of named steps and the ways between them; an administrator draws it, and a
version of it is run. The rules here do no I/O: `begin` and `after` say at which step a caller is,
`appliance.services.telephony.walk` lets a caller hear and do it, and the simulator walks the very
same rules.

========== ================================================== =====================================
kind       the caller                                         ways on
========== ================================================== =====================================
play       hears something                                    next
menu       hears something and presses a key                  one for each key; otherwise: after so
                                                              many tries without one that leads on
hours      notices nothing                                    open, closed: of a queue's hours
queue      waits for an agent                                 otherwise: the queue takes nobody now
voicemail  speaks after the tone; it waits in a queue         none
callback   keeps the place in a queue, and is called back     otherwise: does not want it, or
                                                              nobody can be called
transfer   waits for one agent                                none
hang_up    hears something, and the call ends                 none
========== ================================================== =====================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from appliance.domain.refusals import anything

KEYS = frozenset("0123456789*#")


class Kind(StrEnum):
    """What a step does."""

    PLAY = "play"
    MENU = "menu"
    HOURS = "hours"
    QUEUE = "queue"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    TRANSFER = "transfer"
    HANG_UP = "hang_up"


@dataclass(frozen=True)
class Prompt:
    """What is heard: a recording that was uploaded (its id), or a text that is spoken.

    Attributes:
        language: of the text, such as ``zh-CN``.
    """

    text: str = ""
    language: str = ""
    recording: int = 0


@dataclass(frozen=True)
class Step:
    """One step; what its kind does not need is empty.

    Attributes:
        queue: whose hours it looks at, or where the caller or the voicemail waits.
        agent: to whom the caller is given.
        keys: of a menu: a key, and the step that it leads to.
        ways: ``next``, ``otherwise``, ``open``, ``closed``: the steps that follow.
        tries: of a menu: so many times it asks.
        seconds: of a menu: so long it waits for a key after it has spoken.
    """

    kind: Kind
    say: tuple[Prompt, ...] = ()
    queue: int = 0
    agent: int = 0
    keys: Mapping[str, str] = field(default_factory=dict)
    ways: Mapping[str, str] = field(default_factory=dict)
    tries: int = 3
    seconds: float = 5.0

    def on(self) -> set[str]:
        """The steps that can follow."""
        return {*self.keys.values(), *self.ways.values()}


@dataclass(frozen=True)
class Flow:
    """A whole one, checked by `appliance.domain.telephony.flow_check.troubles`."""

    start: str
    steps: Mapping[str, Step]


@dataclass(frozen=True)
class At:
    """Where a caller is: the step, and how often its menu has asked in vain."""

    step: str
    tries: int = 0


class Heard(StrEnum):
    """What happened at a step, beside keys."""

    SAID = "said"  # all of it was played
    SILENCE = "silence"  # no key came
    REFUSED = "refused"  # the queue takes nobody now


IsOpen = Callable[[int], bool]


def begin(flow: Flow, is_open: IsOpen) -> At:
    """Where a caller begins; ``is_open`` tells of a queue."""
    return _enter(flow, flow.start, is_open)


def after(flow: Flow, at: At, what: Heard | str, is_open: IsOpen) -> At | None:
    """Where a caller is when ``what`` (a key, or `Heard`) happened; None: the call ends.

    What means nothing at a step (a key while a greeting is played) leaves the caller there.
    """
    step = flow.steps[at.step]
    if step.kind is Kind.PLAY and what == Heard.SAID:
        return _enter(flow, step.ways["next"], is_open)
    if step.kind is Kind.MENU and what not in {Heard.SAID, Heard.REFUSED}:
        return _chosen(flow, step, at, what, is_open)
    if what == Heard.REFUSED or (step.kind is Kind.CALLBACK and what == Heard.SILENCE):
        return _enter(flow, step.ways["otherwise"], is_open) if "otherwise" in step.ways else None
    if step.kind is Kind.HANG_UP and what == Heard.SAID:
        return None
    return at


def _chosen(flow: Flow, step: Step, at: At, key: Heard | str, is_open: IsOpen) -> At:
    if key in step.keys:
        return _enter(flow, step.keys[key], is_open)
    if at.tries + 1 < step.tries:
        return At(at.step, at.tries + 1)
    return _enter(flow, step.ways["otherwise"], is_open)


def _enter(flow: Flow, name: str, is_open: IsOpen) -> At:
    """Through steps at which nothing is heard; a flow that was checked has no circle of them."""
    while (step := flow.steps[name]).kind is Kind.HOURS:
        name = step.ways["open" if is_open(step.queue) else "closed"]
    return At(name)


@dataclass(frozen=True)
class Running:
    """A flow as it was published: the caller's call keeps this version to its end."""

    id: int
    name: str
    version: int
    flow: Flow


@dataclass(frozen=True)
class Draft:
    """A flow as an administrator has it: what is edited, and what callers hear.

    Attributes:
        form: the draft, see `appliance.domain.telephony.flow_form`.
        version: the id of the version that callers hear; None: it was never published.
        number: of that version: 1, 2, 3, …
    """

    id: int
    name: str
    form: Mapping[str, object]
    version: int | None = None
    number: int = 0


@dataclass(frozen=True)
class Version:
    """A flow as it was published once; it never changes."""

    id: int
    number: int
    form: Mapping[str, object]
    at: datetime
    by: str


@dataclass(frozen=True)
class Recording:
    """A prompt that was uploaded."""

    id: int
    name: str
    seconds: float
    sha256: str


# What may refuse a change, given what it would change; asked in its transaction.
Check = Callable[[Draft], None]


class Flows(Protocol):
    """Where flows and uploaded prompts are kept; each change is a transaction of its own."""

    def all(self) -> Sequence[Draft]:
        """By name."""
        ...

    def one(self, id: int) -> Draft:  # noqa: A002
        """Raises UnknownError."""
        ...

    def add(self, name: str, form: Mapping[str, object]) -> Draft:
        """A new one. Raises ValueError: the name is taken."""
        ...

    def change(self, id: int, decide: Callable[[Draft], Draft]) -> Draft:  # noqa: A002
        """Replace name and form; ``decide`` may raise.

        Raises UnknownError, ValueError: the name is taken.
        """
        ...

    def remove(self, id: int, check: Check) -> Draft:  # noqa: A002
        """Answers what is gone.

        Raises UnknownError, ValueError: a number leads to it, or it was published.
        """
        ...

    def publish(self, id: int, by: str, check: Check = anything) -> Draft:  # noqa: A002
        """What is drafted is what callers hear from now on. Raises UnknownError."""
        ...

    def versions(self, id: int, before: int, most: int) -> Sequence[Version]:  # noqa: A002
        """Those of a flow before number ``before`` (0: from the newest), newest first."""
        ...

    def running(self, version: int) -> Running | None:
        """A version, by its id; None: there is none."""
        ...

    def published(self, flow: int) -> Running | None:
        """What callers of a flow hear now; None: it was never published."""
        ...

    def recordings(self) -> Sequence[Recording]:
        """All uploaded prompts, by name."""
        ...

    def add_recording(self, name: str, seconds: float, samples: bytes) -> Recording:
        """Keep one. Raises ValueError: the name is taken."""
        ...

    def samples(self, recording: int) -> bytes | None:
        """What is heard; None: it is gone."""
        ...

    def remove_recording(self, recording: int) -> bool:
        """Whether it was there."""
        ...
