"""What holds for every bell between processes; see `appliance.bells.Bell`."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from appliance.bells import MOST_WORDS, Bell
from appliance.bells.by_redis import RedisBell
from appliance.bells.nearby import NearbyBell
from common.errors import OperatorError
from tests.support.redis_server import RedisServer, redis_server
from tests.support.waiting import until


class Listener:
    """One process: its bell, and how often it was rung for."""

    def __init__(self, bell: Bell) -> None:
        self.bell = bell
        self.heard = 0
        self.told: list[str] = []
        bell.start(self._hear, self.told.append)

    def _hear(self) -> None:
        self.heard += 1

    def hears(self, ring: Callable[[], None]) -> None:
        """Ring until it was heard: a bell may lose a ring, such as one before it was ready."""
        before = self.heard

        def rung() -> bool:
            ring()
            return self.heard > before

        until(rung, 60, "the bell", every=0.05)

    def hears_soon(self, ring: Callable[[], None]) -> None:
        """One ring is enough for a bell that was heard before."""
        before = self.heard
        ring()
        until(lambda: self.heard > before, 60, "the bell", every=0.01)


@pytest.fixture(scope="module")
def redis(tmp_path_factory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["nearby", "redis"])
def process(request, tmp_path: Path) -> Iterator[Callable[[], Listener]]:
    """Starts one more process of the same appliance."""
    with ExitStack() as open_things:

        def start() -> Listener:
            bell: Bell
            if request.param == "redis":
                bell = RedisBell(request.getfixturevalue("redis").url, str(tmp_path))
            else:
                bell = NearbyBell(tmp_path)
            open_things.callback(bell.stop)
            return Listener(bell)

        yield start


def test_a_ring_is_heard_by_all_others(process):
    one, two, three = process(), process(), process()
    two.hears(one.bell.ring)
    three.hears(one.bell.ring)
    two.hears_soon(three.bell.ring)
    one.hears_soon(two.bell.ring)


def test_nobody_hears_only_themselves(process):
    alone, other = process(), process()
    other.hears(alone.bell.ring)
    before = alone.heard
    for _ in range(3):
        other.hears_soon(alone.bell.ring)  # heard there, so it went past ourselves too
    assert alone.heard == before


def test_whoever_rings_after_a_commit_is_heard_after_it(process):
    """However many rings fall into one: none of the last is swallowed by one before it."""
    writer, reader = process(), process()
    reader.hears(writer.bell.ring)
    for _ in range(200):
        writer.bell.ring()
    reader.hears_soon(writer.bell.ring)


def test_words_are_told_to_all_others_in_their_order(process):
    one, two, three = process(), process(), process()
    two.hears(one.bell.ring)
    three.hears(one.bell.ring)
    words = ["somebody types", "有人在输入", "x" * MOST_WORDS]
    for text in ["y" * (MOST_WORDS + 1), *words]:
        one.bell.tell(text)
    for other in (two, three):
        until(lambda other=other: len(other.told) >= len(words), 60, "the words", every=0.01)
        assert other.told == words
    assert one.told == []
    two.hears_soon(one.bell.ring)


def test_who_has_stopped_neither_rings_nor_hears_nor_disturbs(process):
    one, two, three = process(), process(), process()
    two.hears(one.bell.ring)
    three.hears(one.bell.ring)
    two.bell.stop()
    before = two.heard
    two.bell.ring()
    three.hears_soon(one.bell.ring)
    assert two.heard == before


def test_nothing_rings_before_it_was_started(tmp_path: Path, redis: RedisServer):
    for bell in (NearbyBell(tmp_path), RedisBell(redis.url, "x")):
        bell.ring()
        bell.stop()


def test_a_process_that_died_is_forgotten_by_the_next_ring(tmp_path: Path):
    one = NearbyBell(tmp_path)
    one.start(lambda: None)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(os.path.relpath(tmp_path / "bells" / "dead"))
    assert (tmp_path / "bells" / "dead").exists()
    one.ring()
    assert [path.name for path in (tmp_path / "bells").iterdir()] == [one._name]
    one.stop()
    assert list((tmp_path / "bells").iterdir()) == []


def test_a_full_ear_holds_up_nobody(tmp_path: Path):
    """Whoever is too busy to listen has rings enough waiting."""
    (tmp_path / "bells").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as busy:
        busy.bind(os.path.relpath(tmp_path / "bells" / "busy"))
        one = NearbyBell(tmp_path)
        one.start(lambda: None)
        for _ in range(5000):
            one.ring()
        one.stop()


def test_a_data_folder_with_a_long_name_has_a_bell_too(tmp_path: Path):
    folder = tmp_path / ("a" * 200)
    folder.mkdir()
    one, two = Listener(NearbyBell(folder)), Listener(NearbyBell(folder))
    two.hears(one.bell.ring)
    one.bell.stop()
    two.bell.stop()


def test_while_redis_is_away_nobody_waits_and_when_it_is_back_all_look(tmp_path: Path):
    server = RedisServer(tmp_path)
    one, two = (Listener(RedisBell(server.url, "c")) for _ in range(2))
    one.bell.ring()
    assert two.heard == 0
    server.start()
    try:
        until(lambda: one.heard and two.heard, 60, "both to look")
        two.hears(one.bell.ring)
        server.stop()
        one.bell.ring()
        before = two.heard
        server.start()
        until(lambda: two.heard > before, 60, "it to look again")
        two.hears(one.bell.ring)
    finally:
        one.bell.stop()
        two.bell.stop()
        server.stop()


def test_an_address_that_is_none_is_refused_in_words():
    with pytest.raises(OperatorError, match=r"appliance\.nodes\.redis_url"):
        RedisBell("http://redis", "c")
