"""What open sockets may read is asked again for all at once; who lost it is told, with no event."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from common.feed import Asker
from tests.contract.feed.house import DEADLINE, House, open_socket, subscribe


class Swept(House):
    """Asks for everybody at once; ``swept`` has who was asked for each time."""

    def __init__(self, path: Path) -> None:
        self.swept: list[list[str]] = []
        super().__init__(path)

    def may_read_all(self, asked: Sequence[tuple[Asker, str]]) -> list[float]:
        names = [asker.headers["reader"] for asker, _topic in asked]
        self.swept.append(sorted(names))
        if "breaks" in self.strangers:
            raise OSError("the database is away")
        return [0.0 if name in self.strangers else self.right for name in names]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Swept]:
    made = Swept(tmp_path / "feed.db")
    made.right = 2.0
    yield made
    made.close()


def test_one_question_for_all_and_who_lost_the_right_is_told_at_once(house: Swept) -> None:
    house.write(1)
    names = [f"reader-{n}" for n in range(10)]
    with contextlib.ExitStack() as open_sockets:
        sockets = {name: open_sockets.enter_context(open_socket(house.url, name)) for name in names}
        for connection in sockets.values():
            subscribe(connection, "updates", 0)
            assert json.loads(connection.recv(timeout=DEADLINE))["events"]
        _wait_for(house, lambda: names in house.swept)
        house.strangers.add("reader-3")
        told = json.loads(sockets["reader-3"].recv(timeout=DEADLINE))  # although nothing happened
        assert told["error"] == "refused"
        rest = [name for name in names if name != "reader-3"]
        _wait_for(house, lambda: rest in house.swept)
        house.write(1)
        for name in rest:
            assert json.loads(sockets[name].recv(timeout=DEADLINE))["events"]


def test_a_sweep_that_fails_ends_nothing(house: Swept) -> None:
    house.write(1)
    with open_socket(house.url, "anna") as connection:
        subscribe(connection, "updates", 0)
        assert json.loads(connection.recv(timeout=DEADLINE))["events"]
        house.strangers.add("breaks")
        _wait_for(house, lambda: len(house.swept) > 1)
        house.write(1)
        assert json.loads(connection.recv(timeout=DEADLINE))["events"]


def _wait_for(house: Swept, condition: Callable[[], bool]) -> None:
    until = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < until, house.swept
        time.sleep(0.02)
