"""``current.json``: the one file whose replacement is the update.

The launcher may replace it too (when it gives a trial up), so everything here is done under its
lock, after reading again.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from common.atomic import write_json
from updater.launcher import Pointer, after_fall_back, pointer_lock, read_pointer
from updater.launcher.snapshot import is_taken


def sweep(folder: Path) -> None:
    """Remove parts of files that a killed updater left; the launcher's own are its business."""
    for part in folder.glob(".*.part"):
        if not part.name.endswith(".launcher.part"):
            part.unlink(missing_ok=True)


def next_generation(folder: Path, known: int) -> int:
    """A generation that no pointer of this folder had yet."""
    pointer = read_pointer(folder)
    return max(known, pointer.generation if pointer else 0) + 1


def switch(folder: Path, new: Pointer) -> None:
    """Put ``new`` in place, unless that was done already by a killed run."""
    with pointer_lock(folder):
        pointer = read_pointer(folder)
        if pointer is None or pointer.generation < new.generation:
            _replace(folder, new)


def is_at(folder: Path, generation: int) -> bool:
    """Whether the switch with this generation was done."""
    pointer = read_pointer(folder)
    return pointer is not None and pointer.generation >= generation


def end_trial(folder: Path, generation: int) -> bool:
    """Take the trial mark away; False when the launcher has given the trial up meanwhile."""
    with pointer_lock(folder):
        pointer = read_pointer(folder)
        if pointer is None or pointer.generation != generation:
            return False
        if pointer.trial:
            _replace(folder, Pointer(generation, pointer.slot, pointer.previous, trial=False))
        return True


def settle(folder: Path, slot: str | None, previous: str | None) -> bool:
    """Make sure that ``slot`` is what runs, and not on trial; whether that needed a change.

    When a trial ends so, whatever data it was given up with are put back, as the launcher would.
    """
    with pointer_lock(folder):
        pointer = read_pointer(folder)
        if pointer is None and slot is None:
            return False
        if pointer is not None and pointer.slot == slot and not pointer.trial:
            return False
        generation, restore = (pointer.generation if pointer else 0) + 1, None
        if pointer and pointer.trial:
            taken = bool(pointer.snapshot and is_taken(folder, pointer.snapshot))
            restore = after_fall_back(pointer, taken=taken).restore
        elif pointer:
            restore = pointer.restore
        _replace(folder, Pointer(generation, slot, previous, trial=False, restore=restore))
        return True


def restart(folder: Path) -> None:
    """Let the launcher start the same slot again, e.g. because its environment changed."""
    with pointer_lock(folder):
        pointer = read_pointer(folder)
        if pointer and pointer.slot and not pointer.trial:
            _replace(folder, replace(pointer, generation=pointer.generation + 1))


def _replace(folder: Path, pointer: Pointer) -> None:
    write_json(folder / "current.json", asdict(pointer))
