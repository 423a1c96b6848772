"""Many things at the same time, each by one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from appliance.services.telephony.one_at_a_time import OneAtATime


@pytest.fixture
def works() -> Iterator[OneAtATime]:
    found = OneAtATime(2)
    found.start()
    yield found
    found.stop()


class _Done:
    """What was done, in order."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._news = threading.Condition()

    def add(self, name: str) -> None:
        with self._news:
            self.names.append(name)
            self._news.notify_all()

    def wait(self, name: str) -> None:
        with self._news:
            assert self._news.wait_for(lambda: name in self.names, 60)


def test_what_is_asked_while_a_thing_is_worked_on_is_done_once_afterwards(works):
    done, go_on = _Done(), threading.Event()

    def first() -> None:
        done.add("begun")
        assert go_on.wait(60)

    works.soon(1, first)
    done.wait("begun")
    for _ in range(3):
        works.soon(1, lambda: done.add("again"))
    go_on.set()
    done.wait("again")
    works.stop()
    assert done.names == ["begun", "again"]


def test_what_is_asked_for_things_that_somebody_looks_after_is_left_to_them(works):
    done = _Done()
    with works.looks_after() as mine:
        mine(1)
        works.soon(1, lambda: done.add("meanwhile"))
        works.soon(2, lambda: done.add("another"))
        done.wait("another")
    works.soon(1, lambda: done.add("afterwards"))
    done.wait("afterwards")
    works.stop()
    assert done.names == ["another", "afterwards"]
