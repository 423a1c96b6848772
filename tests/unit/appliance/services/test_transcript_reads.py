"""Which reads have a line of their own."""

from __future__ import annotations

import threading

import pytest

from appliance.services.transcript_reads import TranscriptReads
from tests.support.clock import FakeClock

HERE = "192.0.2.1"


class Lines:
    """Keeps them in memory; holds each one back until it is let go."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, ...]] = []
        self.may = threading.Event()
        self.may.set()
        self.broken = False

    def record(self, who: str, what: str, subject: str = "", address: str = "") -> None:
        assert self.may.wait(10)
        if self.broken:
            raise OSError("no room")
        self.kept.append((who, what, subject, address))


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def reads(lines, clock) -> TranscriptReads:
    return TranscriptReads(lines, clock, 60)


def test_a_look_has_one_line_until_it_pauses(lines, clock, reads):
    for _ in range(3):
        reads.record("sun", "conversation 1", HERE)
        clock.advance(59)
    assert lines.kept == [("sun", "transcript.read", "conversation 1", HERE)]
    clock.advance(1)
    reads.record("sun", "conversation 1", HERE)
    assert len(lines.kept) == 2


def test_another_reader_place_or_conversation_is_another_look(lines, reads):
    for look in (
        ("sun", "conversation 1", HERE), ("sun (a program)", "conversation 1", HERE),
        ("sun", "conversation 2", HERE), ("sun", "conversation 1", "192.0.2.2"),
    ):  # fmt: skip
        reads.record(*look)
    assert len(lines.kept) == 4


def test_a_line_that_could_not_be_kept_covers_no_read(lines, reads):
    lines.broken = True
    for _ in range(2):
        with pytest.raises(OSError, match="no room"):
            reads.record("sun", "conversation 1", HERE)
    lines.broken = False
    reads.record("sun", "conversation 1", HERE)
    assert len(lines.kept) == 1


def test_no_read_of_a_look_is_answered_before_its_line_is_kept(lines, reads):
    lines.may.clear()
    seen: list[int] = []

    def read() -> None:
        reads.record("sun", "conversation 1", HERE)
        seen.append(len(lines.kept))

    both = [threading.Thread(target=read) for _ in range(2)]
    for one in both:
        one.start()
    both[1].join(0.2)
    assert seen == []
    lines.may.set()
    for one in both:
        one.join(10)
    assert seen == [1, 1]
