"""The updater as a product in its own care.

It is adopted, fetched, built and switched like any other (``callstead updater adopt updater``).
What is different: its launcher is not its child but its parent. The process that a person or
systemd started becomes that launcher (`hand_over`) as soon as there is a slot to start; when no
slot is to run any more, the launcher becomes the installed updater again. A new self first
proves itself, and touches no other program before: updater/rehearsal.py.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from common.settings import callstead_home
from updater.journal import Program
from updater.launcher import read_pointer
from updater.paths import SELF, DataFolder
from updater.running import read_running
from updater.states import State
from updater.supervise import launcher_command


def in_own_care() -> bool:
    """Whether this process was started by the updater's own launcher."""
    return os.environ.get("CALLSTEAD_PROGRAM") == SELF


def has_slot(folder: DataFolder) -> bool:
    """Whether an updater in a slot is to run, and this process is not it."""
    pointer = read_pointer(folder.program(SELF).root)
    return not in_own_care() and pointer is not None and pointer.slot is not None


def is_replaced(folder: DataFolder) -> bool:
    """Whether another generation than ours is to run: we are only stopped to make room for it."""
    place = folder.program(SELF).root
    pointer, running = read_pointer(place), read_running(place)
    return bool(in_own_care() and pointer and running and pointer.generation != running.generation)


def proves_itself(programs: Iterable[Program]) -> bool:
    """Whether this process is a new self that must not touch other programs yet."""
    return in_own_care() and any(
        program.product == SELF and program.state is State.PROBATION for program in programs
    )


def hand_over(folder: DataFolder) -> None:
    """Become the launcher of the updater in its slot; does not come back."""
    # The updater is started in another folder: relative places would be others there.
    os.environ["CALLSTEAD_HOME"] = str(callstead_home().resolve())
    if settings := os.environ.get("CALLSTEAD_SETTINGS"):
        os.environ["CALLSTEAD_SETTINGS"] = os.path.abspath(settings)  # noqa: PTH100 - no links
    os.environ.setdefault("CALLSTEAD_INSTALLED_UPDATER", sys.executable)
    command = launcher_command(folder.program(SELF))
    os.execv(command[0], command)  # noqa: S606 - the same process, as its supervisor knows it
