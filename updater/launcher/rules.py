"""What the launcher does next, without any I/O."""

from __future__ import annotations

import contextlib
import enum
import signal
from dataclasses import dataclass


@dataclass(frozen=True)
class Pointer:
    """What is in ``current.json``.

    Attributes:
        generation: a new one means: start (again).
        slot: what is to run; None: nothing.
        previous: what to go back to when a trial is given up.
        trial: the slot must prove itself.
        snapshot: on trial: the name of the snapshot to take before the first start, when no
            program runs that could still write.
        closed: on trial: the program keeps its doors closed (it takes nothing from anybody), and
            whoever gives the trial up has the snapshot put back: ``previous`` cannot read what
            this slot writes.
        restore: not on trial: the snapshot to put back before the slot is started.
    """

    generation: int
    slot: str | None
    previous: str | None
    trial: bool
    snapshot: str | None = None
    closed: bool = False
    restore: str | None = None


class Action(enum.Enum):
    """What the launcher does next."""

    WAIT = "wait"
    SNAPSHOT = "snapshot"
    RESTORE = "restore"
    START = "start"
    STOP = "stop"
    FALL_BACK = "fall back"
    LEAVE = "leave"
    BECOME = "become"


@dataclass(frozen=True)
class State:
    """All that `decide` looks at."""

    pointer: Pointer | None = None  # None: the updater has not yet said what to run
    running: int | None = None  # the generation of the running program, if one runs
    attempts: int = 0  # starts counted for the pointer's generation
    max_attempts: int = 3  # a trial is given up when so many starts were used
    pausing: bool = False  # the pause after the last end is not over
    stopping: bool = False  # the launcher was asked to leave
    taken: bool = False  # the pointer's snapshot is there, whole
    overdue: bool = False  # the trial lasted longer than it may
    otherwise: bool = False  # there is a command to become when no slot is to run


def decide(state: State) -> Action:
    """The rules, in order."""
    runs, pointer = state.running is not None, state.pointer
    if state.stopping:
        return Action.STOP if runs else Action.LEAVE
    if pointer is None:
        return Action.WAIT
    if runs:
        as_pointed = state.running == pointer.generation
        given_up = pointer.trial and state.overdue
        return Action.WAIT if as_pointed and not given_up else Action.STOP
    if pointer.trial and (state.overdue or state.attempts >= state.max_attempts):
        return Action.FALL_BACK
    return Action.WAIT if state.pausing else _before_start(state, pointer)


def _before_start(state: State, pointer: Pointer) -> Action:
    if pointer.restore:
        return Action.RESTORE
    if pointer.slot is None:
        return Action.BECOME if state.otherwise else Action.WAIT
    if pointer.trial and pointer.snapshot and not state.taken:
        return Action.SNAPSHOT
    return Action.START


def after_fall_back(pointer: Pointer, *, taken: bool = False) -> Pointer:
    """The pointer that follows a trial that was given up.

    Args:
        pointer: on trial.
        taken: whether its snapshot is there. If it is not, the slot was never started, and the
            data are as the previous one left them.
    """
    restore = pointer.snapshot if pointer.closed and taken else None
    return Pointer(pointer.generation + 1, pointer.previous, None, trial=False, restore=restore)


def pause_seconds(failures: int) -> float:
    """Seconds to wait after so many ends in a row: 0.5, 1, 2, ... 30."""
    return min(30.0, 0.5 * 2.0 ** min(failures - 1, 10))


def describe_end(status: int | None, seconds: float) -> str:
    """How a program ended, in words; ``status`` as of subprocess, None when not known."""
    if status is None:
        return f"ended after {seconds:.1f} s"
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-status).name} after {seconds:.1f} s"
        return f"was ended by signal {-status} after {seconds:.1f} s"
    return f"ended with exit status {status} after {seconds:.1f} s"
