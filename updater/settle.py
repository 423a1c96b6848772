"""The step of ``committed``, ``rolled_back`` and ``failed``: leave everything in order."""

from __future__ import annotations

from common.clock import parse_stamp
from common.errors import OperatorError
from updater import fetch, pointer, slots, snapshots
from updater.journal import Program
from updater.launcher import read_pointer
from updater.running import read_running
from updater.tools import Tools

# Longer than any program may take to stop; then its slot goes although it still runs.
_PATIENCE = 60.0


def settle(program: Program, tools: Tools) -> bool:
    """Point at the current release and remove what is no longer needed.

    Returns:
        False while the program of a slot that must go is still being stopped, or its data are
        being put back; ask again.

    Raises:
        OperatorError: the data could not be put back for a while; a person must look.
    """
    current = program.current.digest if program.current else None
    previous = program.previous.digest if program.previous else None
    pointer.settle(tools.folder.root, current, previous)
    now = read_pointer(tools.folder.root)
    waited = (tools.clock.now() - parse_stamp(program.since)).total_seconds()
    if now and now.restore:  # by the launcher, with the help of the bad slot
        if waited > _PATIENCE + tools.settings.programs.hook_seconds:
            raise OperatorError(
                f"The data of {program.product} could not be put back yet, and the release before "
                f"is not started without them. Read {tools.folder.log}; it is tried again."
            )
        return False
    keep = {digest for digest in (current, previous) if digest}
    running = read_running(tools.folder.root)
    if running and running.slot not in keep and waited < _PATIENCE:
        return False  # it may still need its files to end in order
    slots.sweep(tools.folder.slots)
    slots.remove_all_but(tools.folder.slots, keep)
    snapshots.sweep(tools.folder, tools.settings.programs.snapshots)
    fetch.forget(tools.folder)
    return True
