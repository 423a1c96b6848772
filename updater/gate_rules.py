"""May the program be restarted now? The rules, without any I/O.

In order; the first that speaks decides:

1. It is not this client's turn: put off.
2. An administrator's postponement holds, or the window is closed: put off, unless a *critical*
   release has waited for `Facts.critical_after` seconds, or somebody at this computer said "now".
3. The program was not asked yet: drain it and ask.
4. It is in use: go on draining. Nothing ever cuts a call short, not even a critical release.
5. Go.

Whoever is put off is not drained: the seat goes on working until its time has come.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

# Clocks of seats are set by hand: a postponement made "tomorrow" is one of a clock that was wrong.
_CLOCK_SLACK = 86400.0


class Act(enum.Enum):
    """What follows."""

    PUT_OFF = "put off"
    DRAIN = "drain"
    GO = "go"


@dataclass(frozen=True)
class Window:
    """The administrator's window as it is now."""

    open: bool
    next: datetime | None = None  # when it opens, where that is known


@dataclass(frozen=True)
class Hold:
    """A postponement with an end."""

    made: datetime
    until: datetime

    def holds(self, now: datetime) -> bool:
        """Whether it is in force. One from the future is not: that clock was wrong."""
        return now < self.until and (self.made - now).total_seconds() < _CLOCK_SLACK


@dataclass(frozen=True)
class Facts:
    """All that `decide` looks at.

    Attributes:
        now: the wall clock.
        since: when the release was ready to be switched on.
        turn: whether the communications server lets it go on; ``why`` is its sentence.
        critical: the release says so.
        critical_after: seconds after which a critical release waits for nobody but the program.
        at_once: somebody at this computer said so.
        window: None: any time.
        hold: None: not postponed.
        asked: whether the program was drained and asked in this look.
        busy: its own words why it is in use; empty: it is free.
    """

    now: datetime
    since: datetime
    turn: bool = True
    why: str = ""
    critical: bool = False
    critical_after: float = 3600.0
    at_once: bool = False
    window: Window | None = None
    hold: Hold | None = None
    asked: bool = False
    busy: str = ""


def decide(facts: Facts) -> tuple[Act, str]:
    """What to do now, and why in a sentence for people (empty with GO)."""
    if not facts.turn:
        return Act.PUT_OFF, facts.why
    if not (facts.at_once or _cannot_wait(facts)) and (why := _not_yet(facts)):
        return Act.PUT_OFF, why
    if not facts.asked:
        return Act.DRAIN, ""
    if facts.busy:
        return Act.DRAIN, facts.busy
    return Act.GO, ""


def _cannot_wait(facts: Facts) -> bool:
    waited = (facts.now - facts.since).total_seconds()
    return facts.critical and waited >= facts.critical_after


def _not_yet(facts: Facts) -> str:
    if facts.hold and facts.hold.holds(facts.now):
        return f"It was postponed by an administrator until {_words(facts.hold.until)}."
    if facts.window and not facts.window.open:
        opens = f" It opens at {_words(facts.window.next)}." if facts.window.next else ""
        return f"The window for updates is closed.{opens}"
    return ""


def _words(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="minutes")
