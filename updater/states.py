"""The states of one program on its way from one release to the next, and nothing else.

**One program, one row, one state.** The state stands in the updater's database and is changed
only along `TABLE`, in one transaction with everything else that belongs to the change (the
journal's line, the receipt, the blacklist). What the machine did is never remembered in a
process: a killed updater reads the state and goes on.

**Each state has one step, and each step may be done twice.** The engine looks at the state, runs
the step in the file of that name, and the step ends in an event. Between the step's act and the
event's commit the power may go; then the step is run again. So each step first looks whether it
was already done: a file that was fetched is there, a slot that was built is there, a pointer that
was written has the journalled generation.

=========== ============ ====================================================================
state       file         what is done there
=========== ============ ====================================================================
idle        check        look for a newer, allowed release that has not failed here before
available   check        ask the communications server whether it is this client's turn
fetching    fetch        bring the pack here, going on where it ended
staged      build        unpack it into a slot beside the others, and hash what lies there
waiting     gate         wait until the program may be restarted: drained, not cut
switching   switch       hash the slot again, then replace the pointer: on trial; the first release
                         of a program waits here until its port is free
probation   probation    watch the new release; the launcher counts its starts meanwhile, and
                         goes back to ``waiting`` when it could not take a snapshot before
committed   settle       tell, remove the slot before last
rolled_back settle       point at the old release again, tell, remove the bad slot
failed      settle       tell, remove what was fetched
=========== ============ ====================================================================

**Old or new, never neither.** Until ``switching`` the running release is not touched. The one
moment that counts is the replacement of ``current.json``, which is atomic; from there on the
launcher alone can bring the old release back, even if the updater never runs again. After
``probation`` the pointer is the truth: the updater takes the trial mark away *before* it writes
``committed``, and finds its own mark when it was killed in between.

**Waiting is not a state.** A server that is away, a full disk or a busy program raise no event:
the program stays where it is, a sentence says why, and the step is tried again.

**What never comes back.** A release whose pack is not what its manifest says, that was not
healthy, or that an administrator left, is written to ``bad_releases`` in the same transaction
that leaves it. Only a new release with another digest is found again, or the same one when its
vendor has issued it again.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a program is; the words stand in the database and in every report."""

    IDLE = "idle"
    AVAILABLE = "available"
    FETCHING = "fetching"
    STAGED = "staged"
    WAITING = "waiting"
    SWITCHING = "switching"
    PROBATION = "probation"
    COMMITTED = "committed"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"


class Event(StrEnum):
    """What a step ended in."""

    FOUND = "found"
    ALLOWED = "allowed"
    WITHDRAWN = "withdrawn"
    FETCHED = "fetched"
    BUILT = "built"
    LOST = "lost"
    UNFIT = "unfit"
    FREE = "free"
    DAMAGED = "damaged"
    SWITCHED = "switched"
    STEADY = "steady"
    UNHEALTHY = "unhealthy"
    UNDONE = "undone"
    ORDERED_BACK = "ordered_back"
    SETTLED = "settled"


TABLE: dict[tuple[State, Event], State] = {
    (State.IDLE, Event.FOUND): State.AVAILABLE,
    (State.IDLE, Event.ORDERED_BACK): State.ROLLED_BACK,
    (State.AVAILABLE, Event.ALLOWED): State.FETCHING,
    (State.AVAILABLE, Event.WITHDRAWN): State.IDLE,
    (State.FETCHING, Event.FETCHED): State.STAGED,
    (State.FETCHING, Event.WITHDRAWN): State.IDLE,
    (State.STAGED, Event.BUILT): State.WAITING,
    (State.STAGED, Event.LOST): State.FETCHING,
    (State.STAGED, Event.UNFIT): State.FAILED,
    (State.WAITING, Event.FREE): State.SWITCHING,
    (State.WAITING, Event.WITHDRAWN): State.IDLE,
    (State.SWITCHING, Event.SWITCHED): State.PROBATION,
    (State.SWITCHING, Event.DAMAGED): State.FETCHING,
    (State.SWITCHING, Event.WITHDRAWN): State.IDLE,
    (State.PROBATION, Event.STEADY): State.COMMITTED,
    (State.PROBATION, Event.UNHEALTHY): State.ROLLED_BACK,
    (State.PROBATION, Event.UNDONE): State.WAITING,
    (State.COMMITTED, Event.SETTLED): State.IDLE,
    (State.ROLLED_BACK, Event.SETTLED): State.IDLE,
    (State.FAILED, Event.SETTLED): State.IDLE,
}

# Here the target may still be dropped for a newer one, or for an order to go back.
# In ``switching`` before the pointer was replaced, while the first release waits for its port.
OPEN = frozenset({State.AVAILABLE, State.FETCHING, State.WAITING, State.SWITCHING})


class IllegalTransitionError(RuntimeError):
    """A step asked for a way that the table does not have: a bug of ours."""


def after(state: State, event: Event) -> State:
    """The state that follows. Raises IllegalTransitionError when the table has no such way."""
    try:
        return TABLE[state, event]
    except KeyError:
        raise IllegalTransitionError(f"{event} in the state {state}") from None
