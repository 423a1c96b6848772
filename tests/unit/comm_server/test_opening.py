"""What begins when the doors are open, and what ends."""

from __future__ import annotations

import threading

import pytest

from comm_server.opening import Opening
from common.errors import OperatorError
from tests.support.waiting import until


class House:
    def __init__(self) -> None:
        self.closed = True
        self.did: list[str] = []
        self.fails = 0

    def part(self, name):
        def start():
            if self.fails:
                self.fails -= 1
                raise OperatorError("The port is in use.")
            self.did.append(f"{name} begins")

        return start, lambda: self.did.append(f"{name} ends")

    def opening(self):
        return Opening(lambda: self.closed, [self.part("listening"), self.part("work")])


@pytest.fixture
def house():
    return House()


def test_with_open_doors_it_begins_at_once_and_a_fault_is_raised(house):
    house.closed = False
    opening = house.opening()
    opening.start()
    opening.stop()
    assert house.did == ["listening begins", "work begins", "listening ends", "work ends"]
    house.fails = 1
    with pytest.raises(OperatorError):
        house.opening().start()


def test_behind_closed_doors_nothing_begins_and_nothing_is_ended(house):
    opening = house.opening()
    opening.start()
    opening.stop()
    assert house.did == []
    assert not [one for one in threading.enumerate() if one.name == "opening"]


def test_what_cannot_begin_after_the_commit_is_tried_again_and_ends_no_program(house, monkeypatch):
    monkeypatch.setattr("comm_server.opening._AGAIN_SECONDS", 0.01)
    house.fails = 3
    opening = house.opening()
    opening.start()
    house.closed = False
    until(lambda: "work begins" in house.did, 60, "the work")
    opening.stop()
    assert house.did == ["listening begins", "work begins", "listening ends", "work ends"]
