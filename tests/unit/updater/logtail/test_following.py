"""Real files, rotated in every way while they are written; nothing lost, nothing twice."""

from __future__ import annotations

import dataclasses
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.spool import Store
from tests.support.clock import FakeClock
from tests.support.kills import Killed
from updater.launcher import cap_log
from updater.logtail.follower import Follower
from updater.logtail.patterns import Pattern
from updater.logtail.ring import Ring
from updater.schema import migrations
from updater.settings import LogtailSettings


class Tail:
    """A follower on one folder; `restart` stands for the next run of the updater."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.log = folder / "app.log"
        self.clock = FakeClock()
        self.settings = LogtailSettings(**{"join": 0.0, **settings})  # type: ignore[arg-type]
        self.patterns = [Pattern("app", str(folder / "*.log"))]
        self.restart()

    def restart(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
        self.store = Store(self.folder / "updater.db", migrations())
        self.ring = Ring(self.store)
        self.follower = Follower(self.ring, self.clock, lambda: self.settings)

    def look(self) -> list[str]:
        self.follower.look(self.patterns)
        return self.lines()

    def lines(self) -> list[str]:
        return [row["line"] for row in self.ring.newest(100_000)]

    def write(self, text: str) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.write(text)


@pytest.fixture
def tail(tmp_path: Path) -> Iterator[Tail]:
    made = Tail(tmp_path)
    made.look()  # the patterns are known: what comes now is new
    yield made
    made.store.close()


def shift(log: Path) -> None:
    for number in range(9, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))


def rename(log: Path) -> None:
    shift(log)
    log.replace(log.with_name(log.name + ".1"))


def copytruncate(log: Path) -> None:
    shift(log)
    shutil.copyfile(log, log.with_name(log.name + ".1"))
    os.truncate(log, 0)


def test_a_file_that_appears_later_is_read_from_its_beginning(tail):
    tail.write("one\ntwo\n")
    assert tail.look() == ["one", "two"]
    tail.write("three\n")
    tail.restart()
    assert tail.look() == ["one", "two", "three"]


def test_of_a_file_that_was_there_before_only_the_end_is_news(tmp_path):
    (tmp_path / "app.log").write_text("".join(f"line {n}\n" for n in range(100)))
    tail = Tail(tmp_path, first_read=20)
    assert tail.look() == ["line 98", "line 99"]
    tail.store.close()


@pytest.mark.parametrize("rotate", [rename, copytruncate, lambda log: cap_log(log, 1)])
def test_what_was_written_before_a_rotation_and_not_yet_read_is_read(tail, rotate):
    tail.write("one\n")
    tail.look()
    tail.write("two\nthe end without a line end")
    rotate(tail.log)
    tail.write("three\n")
    assert tail.look() == ["one", "two", "the end without a line end", "three"]
    assert tail.look() == ["one", "two", "the end without a line end", "three"]


def test_several_rotations_while_the_updater_was_away(tail):
    tail.write("0\n")
    tail.look()
    for number in range(1, 5):
        tail.write(f"{number}a\n{number}b\n")
        rename(tail.log)
    tail.write("last\n")
    tail.restart()
    wanted = ["0", *(f"{n}{x}" for n in range(1, 5) for x in "ab"), "last"]
    assert tail.look() == wanted


def test_a_program_that_still_writes_to_the_renamed_file_is_heard(tail):
    tail.write("one\n")
    tail.look()
    with tail.log.open("a") as still:
        rename(tail.log)
        tail.log.touch()
        tail.look()
        still.write("two\n")
        still.flush()
        assert tail.look() == ["one", "two"]
    tail.write("three\n")
    assert tail.look() == ["one", "two", "three"]


def test_between_the_rename_and_the_new_file_nothing_is_forgotten(tail):
    tail.write("one\n")
    tail.look()
    rename(tail.log)
    assert tail.look() == ["one"]
    tail.write("two\n")
    assert tail.look() == ["one", "two"]


def test_an_emptied_file_is_begun_anew_and_the_gap_is_told(tail):
    tail.write("one\ntwo\n")
    tail.look()
    tail.log.write_text("other\n")
    before, gap, after = tail.look()[1:]
    assert (before, after) == ("two", "other")
    assert "was not seen" in gap


def test_a_deleted_file_whose_inode_is_given_again_is_another_file(tail):
    tail.write("one\n")
    tail.look()
    tail.log.unlink()
    tail.write("new content that is longer\n")
    assert tail.look()[-1] == "new content that is longer"


def test_a_stack_trace_is_kept_back_until_it_is_whole(tail):
    tail.settings = dataclasses.replace(tail.settings, join=1.0)
    tail.write("ERROR no\nTraceback (most recent call last):\n")
    assert tail.look() == []
    tail.write('  File "a.py", line 1, in f\nValueError: x\n')
    assert tail.look() == []
    tail.clock.advance(1)
    (record,) = tail.look()
    assert record.endswith("ValueError: x")
    assert tail.ring.waiting(9, 9).rows[0]["error"] == 1


def test_more_than_a_minute_may_hold_is_left_out_and_counted(tail):
    tail.settings = dataclasses.replace(tail.settings, most_lines=3, most_errors=1)
    tail.write("a\n" * 10 + "ERROR b\n" * 3)
    assert tail.look() == ["a", "a", "a", "ERROR b"]
    tail.restart()
    tail.clock.advance(61)
    assert tail.look()[-1].startswith("[9 records of ")


def test_the_ring_is_bounded_and_counts_what_it_lost(tail):
    tail.settings = dataclasses.replace(tail.settings, ring=64 * 1024)
    for _ in range(40):
        tail.write(("x" * 99 + "\n") * 40)
        tail.look()
    held = tail.store.value("SELECT sum(size) FROM log_lines")
    assert held == tail.store.value("SELECT bytes FROM log_ring") <= 64 * 1024
    kept = tail.store.value("SELECT count(*) FROM log_lines")
    assert kept + tail.ring.waiting(1, 1).lost == 1600


def test_a_record_larger_than_a_chunk_does_not_stop_the_following(tail):
    tail.write("begin\n" + " more\n" * 200_000 + "end\n")
    assert tail.look()[-1] == "end"


def test_a_pattern_that_was_taken_away_and_comes_back_is_new(tail):
    tail.write("one\n")
    tail.look()
    tail.follower.look([])
    tail.settings = dataclasses.replace(tail.settings, first_read=0)
    assert tail.look() == ["one"]


@pytest.mark.parametrize("rotate", [rename, copytruncate])
def test_rotation_under_a_writer_loses_and_doubles_nothing(tail, rotate):
    """copytruncate itself loses what is written between copy and cut: the writer stands still."""
    done, lock, count = threading.Event(), threading.Lock(), 3000

    def write() -> None:
        for number in range(count):
            with lock:
                if number % 401 == 400:
                    rotate(tail.log)
                tail.write(f"line {number}\n" + ("  more\n" if number % 7 == 0 else ""))
        done.set()

    tail.write("first\n")
    tail.look()
    thread = threading.Thread(target=write)
    tail.settings = dataclasses.replace(tail.settings, join=3600.0)
    thread.start()
    while not done.is_set():
        with lock:
            tail.look()
    thread.join()
    tail.settings = dataclasses.replace(tail.settings, join=0.0)
    lines = [line.split("\n")[0] for line in tail.look()]
    assert lines == ["first", *(f"line {n}" for n in range(count))]


def _killed(step: int, real: Callable[..., None], *, before: bool) -> Callable[..., None]:
    count = [0]

    def keep(*args: object) -> None:
        count[0] += 1
        if count[0] == step and before:
            raise Killed
        real(*args)
        if count[0] == step:
            raise Killed

    return keep


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_killed_at_every_commit_nothing_is_lost_or_doubled(tmp_path, before):
    for step in range(1, 20):
        folder = tmp_path / str(step)
        folder.mkdir()
        tail = Tail(folder)
        tail.look()
        tail.write("1\n2\n")
        died = False
        tail.ring.keep = _killed(step, tail.ring.keep, before=before)  # type: ignore[method-assign]
        for number, rotate in enumerate((None, rename, copytruncate, rename), start=3):
            if rotate:
                rotate(tail.log)
            tail.write(f"{number}\nERROR {number}\n  at x\n")
            try:
                tail.look()
            except Killed:
                died = True
                tail.restart()
                tail.look()
        tail.restart()
        wanted = ["1", "2"]
        for number in range(3, 7):
            wanted += [str(number), f"ERROR {number}\n  at x"]
        assert tail.look() == wanted, f"killed at commit {step}"
        tail.store.close()
        if not died:
            return
    pytest.fail("there are more commits than this test kills at")
