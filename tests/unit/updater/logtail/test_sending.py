"""Lines reach the server once each, whatever is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import NetworkError
from common.spool import Store
from tests.support.clock import FakeClock
from updater.comm import AnswerError
from updater.logtail.ring import Line, Ring
from updater.logtail.rotation import Position
from updater.logtail.sender import send_lines
from updater.schema import migrations

PLACE = Position("/l", "p", 1, 2)


class Server:
    """Keeps like the real one: what is above the highest number it has, per ring."""

    def __init__(self) -> None:
        self.highest: dict[str, int] = {}
        self.kept: list[str] = []
        self.lost = 0
        self.refuses = ""
        self.answers_get_lost = 0
        self.batches: list[int] = []

    def send_logs(self, batch: dict[str, Any]) -> int:
        if any(row["line"] == self.refuses for row in batch["lines"]):
            raise AnswerError(400, "body", "No.")
        ring = batch["ring"]
        new = [row for row in batch["lines"] if row["seq"] > self.highest.get(ring, 0)]
        self.kept += [row["line"] for row in new]
        self.highest[ring] = max([self.highest.get(ring, 0), *(row["seq"] for row in new)])
        self.batches.append(len(batch["lines"]))
        self.lost = batch["lost"]
        if self.answers_get_lost:
            self.answers_get_lost -= 1
            raise NetworkError("The answer was lost.")
        return self.highest[ring]


@pytest.fixture
def ring(tmp_path):
    store = Store(tmp_path / "updater.db", migrations())
    yield Ring(store)
    store.close()


def keep(ring: Ring, *texts: str) -> None:
    lines = [Line("2026-11-21T09:00:00.000Z", "p", "info", text, error=False) for text in texts]
    ring.keep(PLACE, lines, 2**20)


def test_a_lost_answer_doubles_nothing(ring):
    server = Server()
    server.answers_get_lost = 2
    keep(ring, *"abc")
    for _ in range(2):
        with pytest.raises(NetworkError):
            send_lines(ring, server, FakeClock())
        keep(ring, "d")
    send_lines(ring, server, FakeClock())
    assert server.kept == ["a", "b", "c", "d", "d"]
    assert ring.waiting(9, 9).rows == []


def test_batches_are_bounded(ring):
    server = Server()
    keep(ring, *(str(n) for n in range(1201)))
    assert send_lines(ring, server, FakeClock()) == 1201
    assert server.batches == [500, 500, 201]


def test_a_line_that_the_server_never_takes_holds_up_no_other_and_counts_as_lost(ring):
    server = Server()
    server.refuses = "5"
    keep(ring, *(str(n) for n in range(10)))
    send_lines(ring, server, FakeClock())
    assert server.kept == [str(n) for n in range(10) if n != 5]
    assert server.lost == 1
    assert ring.waiting(1, 1).lost == 0


def test_a_database_older_than_the_servers_memory_numbers_under_another_name(ring):
    server = Server()
    keep(ring, "a")
    name = ring.waiting(1, 1).ring
    server.highest[name] = 500
    send_lines(ring, server, FakeClock())
    assert ring.waiting(1, 1).ring != name
    send_lines(ring, server, FakeClock())
    assert server.kept == ["a"]
