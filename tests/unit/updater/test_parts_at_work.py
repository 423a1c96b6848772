"""The threads and processes around the engine: hints, workers, launchers."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from common.clock import SystemClock
from common.errors import OperatorError
from common.spool import Store
from tests.support.site_simulator import SiteSimulator
from updater import join as joining
from updater.comm import Comm
from updater.hints import Hints
from updater.journal import Journal
from updater.lock import is_held, only_one
from updater.paths import ProgramFolder
from updater.schema import migrations
from updater.settings import NetworkSettings
from updater.supervise import Supervisor
from updater.worker import Worker

LIMITS = NetworkSettings(connect=5, read=5)


def until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def test_two_updaters_never_work_on_one_folder(tmp_path):
    with only_one(tmp_path / "updater.lock"):
        assert is_held(tmp_path / "updater.lock")
        with (
            pytest.raises(OperatorError, match=f"process {os.getpid()}.* already works on"),
            only_one(tmp_path / "updater.lock"),
        ):
            pass
    assert not is_held(tmp_path / "updater.lock")
    assert not is_held(tmp_path / "there is none")


def test_hints_wake_one_program_and_the_cursor_survives_a_restart(tmp_path):
    site = SiteSimulator(tmp_path / "ca", tmp_path)
    root = tmp_path / "root.json"
    root.write_text('{"signed": {"_type": "root"}}')
    journal = Journal(Store(tmp_path / "updater.db", migrations()), SystemClock())
    with site.served():
        who = joining.join(
            tmp_path / "id", site.address, site.code, root, "s", platform="p", limits=LIMITS
        )
        comm = Comm(who, LIMITS, SystemClock())
        heard: list[str | None] = []
        try:
            for round_, product in enumerate(("companion", "phone")):
                hints = Hints(comm, journal, 1, heard.append)
                hints.start()
                site.announce(product, "1.0.0")
                until(lambda: len(heard) > round_)  # noqa: B023 - called before the next round
                until(lambda: journal.fact("feed_cursor") == str(round_ + 1))  # noqa: B023
                hints.stop(5)
            assert heard == ["companion", "phone"]
        finally:
            comm.close()
            journal.close()


class Scripted:
    """An engine whose steps are a list: seconds to wait, or an error to raise."""

    product = "companion"

    def __init__(self, *steps):
        self.steps = list(steps)
        self.hints = 0
        self.recovered = 0

    def recover(self):
        self.recovered += 1
        if self.recovered == 1:
            raise RuntimeError("the disk is not mounted yet")

    def step(self):
        step = self.steps.pop(0) if self.steps else 3600.0
        if isinstance(step, Exception):
            raise step
        return step

    def hint(self):
        self.hints += 1

    def stop(self):
        pass


def test_a_bug_in_a_step_ends_neither_the_worker_nor_the_program(monkeypatch):
    monkeypatch.setattr("updater.worker.Backoff.delay", lambda *_args: 0.01)
    engine, changes = Scripted(0.0, ValueError("a bug"), 0.0), []
    worker = Worker(engine, lambda: changes.append(1))
    worker.start()
    until(lambda: not engine.steps)
    assert engine.recovered == 2
    before = threading.active_count()
    worker.hint()
    until(lambda: len(changes) >= 6)
    assert engine.hints == 1
    worker.stop()
    worker.join(10)
    assert threading.active_count() == before - 1


def test_a_launcher_is_started_again_when_it_ended_and_only_one_runs(tmp_path):
    folder = ProgramFolder(tmp_path / "programs" / "companion")
    folder.root.mkdir(parents=True)
    supervisor, second = Supervisor(), Supervisor()
    try:
        supervisor.look_after([folder])
        until(lambda: is_held(folder.lock))
        (child,) = supervisor._children.values()
        second.look_after([folder])
        assert second._children == {}, "another updater finds it running"
        child.send_signal(signal.SIGKILL)
        child.wait()
        supervisor.look_after([folder])
        (again,) = supervisor._children.values()
        assert again.pid != child.pid
        until(lambda: is_held(folder.lock))
    finally:
        supervisor.stop([folder], 15)
    assert not is_held(folder.lock)


def test_a_launcher_that_another_updater_started_is_stopped_too(tmp_path):
    folder = ProgramFolder(tmp_path / "programs" / "companion")
    folder.root.mkdir(parents=True)
    first = Supervisor()
    first.look_after([folder])
    until(lambda: is_held(folder.lock))
    Supervisor().stop([folder], 15)
    assert not is_held(folder.lock)
    first.stop([], 5)
