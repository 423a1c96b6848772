"""An update that is killed anywhere; the next start must end with the old or the new release.

A child process does the update and kills itself (no ``finally`` runs) before its n-th act: a
commit of the database, a rename, an fsync or a removal. Then a new engine on the same folder goes
on. The acts are counted once, and every one of them is a case.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from common.spool import Store
from common.wire import release
from common.wire.release import Data
from tests.support.program_world import PRODUCT, World
from tests.support.repository_simulator import (
    PLATFORM,
    RepositorySimulator,
    manifest_of,
    pack_of,
)
from updater import slots
from updater.states import State

KILLED = 137
FARES = {"well": "1.1.0", "crashes": "1.0.0", "never starts": "1.0.0"}
# On trial behind closed doors: the release before cannot read its data, which go back with it.
CLOSED = {"closed, well": "1.1.0", "closed, crashes": "1.0.0"}
BREAKS = Data(schema=2, readable_by="1.1.0", databases=("calls.db",))


class Acts:
    """Counts what leaves a trace, and ends the process before the act with a given number."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, kill_at: int | None) -> None:
        self.done = 0
        self._kill_at = kill_at
        for owner, name in (
            (Store, "write"), (Path, "rename"), (Path, "replace"), (Path, "unlink"),
            (os, "fsync"), (shutil, "rmtree"),
        ):  # fmt: skip
            self._wrap(monkeypatch, owner, name)

    def _wrap(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
        act = getattr(owner, name)

        def counted(*args: object, **kwargs: object) -> object:
            if self.done == self._kill_at:
                os._exit(KILLED)
            self.done += 1
            return act(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)


def installed(folder: Path, vendor: RepositorySimulator) -> None:
    """A computer that runs 1.0.0."""
    world = World(folder, vendor)
    world.settle()
    with contextlib.closing(sqlite3.connect(world.folder.data / "calls.db")) as db, db:
        db.execute("CREATE TABLE calls (word TEXT)")
        db.execute("INSERT INTO calls VALUES ('acknowledged')")
    world.close()


def ship(vendor: RepositorySimulator, fares: str) -> None:
    """1.1.0, which fares so."""
    files = {"run": b"1.1.0"}
    rules = {"data": BREAKS} if fares in CLOSED else {}
    manifest = dataclasses.replace(manifest_of(PRODUCT, "1.1.0", files), **rules)
    where = (PRODUCT, "1.1.0", PLATFORM)
    vendor.add_target(release.manifest_target(*where), manifest.to_bytes())
    vendor.add_target(release.pack_target(*where), pack_of(files))
    vendor.point(PRODUCT, "stable", "1.1.0")
    vendor.bump(PRODUCT)


def in_child(work) -> int:
    """Run ``work`` in a forked process; its exit status."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - whatever happens, the child must not run the tests
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def update(folder: Path, vendor: RepositorySimulator, fares: str) -> None:
    world = World(folder, vendor, behaviour={"1.1.0": fares.removeprefix("closed, ")})
    world.settle()
    world.close()


def count_acts(folder: Path, vendor: RepositorySimulator, fares: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        acts = Acts(patch, None)
        update(folder, vendor, fares)
        return acts.done


def assert_in_order(folder: Path, vendor: RepositorySimulator, fares: str, where: str) -> None:
    world = World(folder, vendor, behaviour={"1.1.0": fares.removeprefix("closed, ")})
    runs_now = (FARES | CLOSED)[fares]
    try:
        world.launcher.look()
        runs = world.running_slot
        assert runs is not None or fares == "never starts", f"neither runs {where}"
        program = world.settle()
        assert program.state is State.IDLE, where
        assert program.current is not None
        assert program.current.version == runs_now, f"{where}: {program.reason}"
        with contextlib.closing(sqlite3.connect(world.folder.data / "calls.db")) as db:
            words = [row[0] for row in db.execute("SELECT word FROM calls")]
        assert words == ["acknowledged"], where
        assert world.running_slot == program.current.digest, where
        assert world.pointer is not None
        assert not world.pointer.trial, where
        assert world.pointer.restore is None, where
        assert world.leftovers() == [], where
        kept = {r.digest for r in (program.current, program.previous) if r}
        on_disk = {p.name for p in world.folder.slots.iterdir() if p.is_dir()}
        assert on_disk == kept, where
        told = [r["outcome"] for r in world.receipts()]
        expected = "committed" if runs_now == "1.1.0" else "rolled_back"
        assert told == ["committed", expected], f"{where}: each outcome is told exactly once"
    finally:
        world.close()


def kill_before_acts(folder: Path, fares: str, *, stride: int) -> None:
    """An update killed before every ``stride``-th of its acts, each on a computer of its own.

    Args:
        folder: for the computers.
        fares: how the new release fares, a key of `FARES` or `CLOSED`.
        stride: 1 for every act.
    """
    vendor = RepositorySimulator(PRODUCT)
    vendor.ship(PRODUCT, "1.0.0")
    installed(folder / "ground", vendor)
    ship(vendor, fares)
    shutil.copytree(folder / "ground", folder / "count", symlinks=True)
    acts = count_acts(folder / "count", vendor, fares)
    assert acts > 40, "the acts are no longer counted"
    # The other two differ only late from the one that goes well.
    for number in range(0 if fares == "well" else acts // 3, acts, stride):
        place = folder / f"killed-{number}"
        shutil.copytree(folder / "ground", place, symlinks=True)

        def killed(place: Path = place, number: int = number) -> None:
            Acts(pytest.MonkeyPatch(), number)
            update(place, vendor, fares)

        status = in_child(killed)
        assert status in {KILLED, 0}, f"act {number} ended with {status}"
        assert_in_order(place, vendor, fares, f"after a kill before act {number} of {acts}")
        slots.remove_tree(place)
