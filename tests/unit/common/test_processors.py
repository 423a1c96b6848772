"""Which processors threads may run on."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from common.processors import on_any, on_one

several = pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < 2, reason="this machine has a single processor"
)


class _Idle:
    """A thread that waits."""

    def __init__(self) -> None:
        self.end = threading.Event()
        self.thread = threading.Thread(target=self.end.wait, args=(60,), daemon=True)
        self.thread.start()
        assert self.thread.native_id is not None
        self.id = self.thread.native_id

    def where(self) -> set[int]:
        return os.sched_getaffinity(self.id)

    def stop(self) -> None:
        self.end.set()
        self.thread.join(60)


@pytest.fixture
def idle() -> Iterator[_Idle]:
    found = _Idle()
    yield found
    found.stop()


@several
def test_threads_begun_inside_share_one_processor_with_the_others(idle):
    everywhere = os.sched_getaffinity(0)
    with on_one(idle.id):
        begun = _Idle()
    try:
        assert len(begun.where()) == 1
        assert begun.where() == idle.where()
        assert os.sched_getaffinity(0) == everywhere
    finally:
        begun.stop()


@several
def test_the_others_run_anywhere_again(idle):
    with on_one(idle.id):
        pass
    on_any(idle.id)
    assert idle.where() == os.sched_getaffinity(os.getpid())


def test_a_thread_that_has_ended_is_no_fault(idle):
    idle.stop()
    with on_one(idle.id):
        pass
    on_any(idle.id)


def test_where_the_system_knows_no_such_thing_nothing_is_changed(monkeypatch, idle):
    before = idle.where()
    monkeypatch.delattr(os, "sched_getaffinity")
    with on_one(idle.id):
        pass
    on_any(idle.id)
    monkeypatch.undo()
    assert idle.where() == before
