"""How a caller asks to be called back: a short talk by keys, as a table.

The caller keeps the place in the queue and puts the receiver down; nobody waits in the line. The
number is the caller's own, or one that is typed; it is said before it is taken.

======== =========================================================================================
stage    what the caller hears, and what follows
======== =========================================================================================
confirm  the own number: 1 takes it, 2 types another one, * goes back
typing   "type the number, then #": a number that may be called is said; * goes back
check    the number that was typed: 1 takes it, 2 types again, * goes back
======== =========================================================================================

Who says nothing is asked once more, and then is where they came from: in the line, or at the flow's
next step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

CALLBACK = "callback"  # the channel's name in conversations and reports
MOST_DIGITS = 24
_TAKE, _OTHER, _BACK, _DONE = "1", "2", "*", "#"
_TRIES = 2


class Stage(StrEnum):
    """Where the talk is."""

    CONFIRM = "confirm"
    TYPING = "typing"
    CHECK = "check"
    TAKEN = "taken"  # it is over: the number is called
    BACK = "back"  # it is over: the caller does not want it


@dataclass(frozen=True)
class Asking:
    """The talk.

    Attributes:
        number: that would be called; while it is typed: what was typed so far.
        asked: how often this stage has asked in vain.
        refused: the number that was typed last cannot be called.
    """

    stage: Stage
    number: str = ""
    asked: int = 0
    refused: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing is asked any more."""
        return self.stage in {Stage.TAKEN, Stage.BACK}


def begin(own: str, may: Callable[[str], bool]) -> Asking:
    """The talk begins; ``own`` is the caller's number, ``may`` whether a number may be called."""
    return Asking(Stage.CONFIRM, own) if own and may(own) else Asking(Stage.TYPING)


def pressed(asking: Asking, key: str, may: Callable[[str], bool]) -> Asking:
    """After a key."""
    if asking.over:
        return asking
    if key == _BACK:
        return replace(asking, stage=Stage.BACK)
    if asking.stage is Stage.TYPING:
        return _typed(asking, key, may)
    if key == _TAKE:
        return Asking(Stage.TAKEN, asking.number)
    return Asking(Stage.TYPING) if key == _OTHER else asking


def silent(asking: Asking) -> Asking:
    """After a while without a key."""
    if asking.asked + 1 >= _TRIES:
        return replace(asking, stage=Stage.BACK)
    number = "" if asking.stage is Stage.TYPING else asking.number
    return replace(asking, asked=asking.asked + 1, number=number, refused=False)


def says(asking: Asking) -> str:
    """What is said at the stage: the name of a text below ``phone.callback``."""
    if asking.refused:
        return "refused"
    return str(asking.stage)


def _typed(asking: Asking, key: str, may: Callable[[str], bool]) -> Asking:
    if key != _DONE:
        number = (asking.number + key)[:MOST_DIGITS]
        return replace(asking, number=number, refused=False)
    if may(asking.number):
        return Asking(Stage.CHECK, asking.number)
    if asking.asked + 1 >= _TRIES:
        return replace(asking, stage=Stage.BACK)
    return Asking(Stage.TYPING, asked=asking.asked + 1, refused=True)
