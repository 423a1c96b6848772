"""The step of ``switching``: replace the pointer. The launcher does the rest."""

from __future__ import annotations

from common.errors import RefusedError
from updater import pointer, slots, snapshots
from updater.journal import Program
from updater.launcher import Pointer
from updater.tools import Tools


def switch(program: Program, tools: Tools) -> None:
    """Point at the target, on trial.

    The generation was journalled when ``switching`` began, so that a killed run is found done.

    Raises:
        RefusedError: ``tampered``: the slot is not as it was built; the old release runs on.
    """
    target = program.wanted()
    if findings := slots.verify(tools.folder.slots, target.digest):
        slots.remove(tools.folder.slots, target.digest)
        raise RefusedError(
            "tampered",
            f"The slot of {target.product} {target.version} was changed after it was built: "
            f"{findings[0]} It is built again.",
        )
    tools.folder.data.mkdir(parents=True, exist_ok=True)
    previous = program.current.digest if program.current else None
    tools.journal.about_to(program, f"point generation {program.generation} at {target.digest}")
    what = snapshots.plan(target, program.current.version if program.current else None)
    pointer.switch(
        tools.folder.root,
        Pointer(
            program.generation,
            target.digest,
            previous,
            trial=True,
            snapshot=str(program.generation) if what.snapshot else None,
            closed=what.closed,
        ),
    )
