from __future__ import annotations

import json
import zlib

import pytest

from comm_server.intake.framing import Framer
from comm_server.intake.gelf import Chunks, GelfIntake, encoding_of
from comm_server.intake.interface import PoisonError
from comm_server.intake.syslog import read
from comm_server.settings import IntakeSettings

NEW = (
    b"<165>1 2026-11-21T07:14:15.003Z pbx.site evntslog 42 ID47 "
    b'[ex@32473 iut="3" note="a \\] b"][y@1] \xef\xbb\xbftrunk lost'
)


def test_a_message_of_rfc_5424():
    line = read(NEW)
    assert (line.severity, line.facility) == (5, 20)
    assert (line.host, line.program, line.text) == ("pbx.site", "evntslog", "trunk lost")
    assert line.at == "2026-11-21T07:14:15.003Z"
    assert line.data.startswith("[ex@32473")


def test_a_message_of_rfc_5424_that_says_the_least():
    line = read(b"<11>1 - - - - - -")
    assert (line.host, line.program, line.text, line.at, line.severity) == ("", "", "", "", 3)


@pytest.mark.parametrize(
    ("message", "host", "program", "text"),
    [
        (b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed", "mymachine", "su",
         "'su root' failed"),
        (b"<11>Nov  1 02:04:05 10.0.0.7 asterisk[812]: no route\n", "10.0.0.7", "asterisk",
         "no route"),
        (b"<11>asterisk[812]: no route", "", "asterisk", "no route"),
        (b"<11>ValueError: bad\0", "", "", "ValueError: bad"),
        (b"no priority at all", "", "", "no priority at all"),
        (b"<999>x", "", "", "x"),
        ("<11>1 - h 电话 - - - 断线".encode(), "h", "电话", "断线"),
        (b"", "", "", ""),
    ],
)  # fmt: skip
def test_other_messages_are_read_as_far_as_they_go(message, host, program, text):
    line = read(message)
    assert (line.host, line.program, line.text) == (host, program, text)


@pytest.mark.parametrize(
    "stream",
    [b"6 <11>on6 <11>tw", b"<11>on\n<11>tw\n", b"<11>on\r\n<11>tw\r\n", b"<11>on\0<11>tw\0"],
    ids=["counted", "LF", "CRLF", "NUL"],
)
def test_each_framing_is_cut_right_wherever_the_packets_end(stream):
    whole = Framer(100)
    assert list(whole.feed(stream)) == [b"<11>on", b"<11>tw"]
    assert whole.rest() == b""
    for cut in range(1, len(stream)):
        framer = Framer(100)
        found = [*framer.feed(stream[:cut]), *framer.feed(stream[cut:])]
        assert found == [b"<11>on", b"<11>tw"], cut


def test_a_stack_trace_ended_by_nul_stays_one_message():
    message = b"<11>bad\nTraceback:\n  File x\nValueError: 1"
    assert list(Framer(100).feed(message + b"\0")) == [message]


def test_a_last_message_without_an_end_is_taken():
    framer = Framer(100)
    assert list(framer.feed(b"<11>last")) == []
    assert framer.rest() == b"<11>last"


def test_of_a_message_too_long_the_beginning_is_kept_and_the_next_is_whole():
    framer = Framer(10)
    found = [
        m for part in (b"<11>" + b"x" * 20, b"y" * 30, b"y\n<11>ok\n") for m in framer.feed(part)
    ]
    assert found == [b"<11>xxxxxx", b"<11>ok"]


def test_a_count_over_the_limit_ends_the_connection():
    with pytest.raises(PoisonError, match="over the limit"):
        list(Framer(100).feed(b"999999999 <11>x"))


def chunked(data: bytes, size: int, name: bytes = b"12345678") -> list[bytes]:
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return [
        b"\x1e\x0f" + name + bytes([number, len(parts)]) + part for number, part in enumerate(parts)
    ]


def test_chunks_make_a_message_in_any_order():
    chunks = Chunks(4, 1000)
    parts = chunked(b"hello gelf", 3)
    assert [chunks.add(p, "a", 0) for p in reversed(parts)] == [None] * 3 + [b"hello gelf"]


def test_two_senders_chunks_are_not_mixed():
    chunks = Chunks(4, 1000)
    first, second = chunked(b"abcdef", 3)
    assert chunks.add(first, "a", 0) is None
    assert chunks.add(second, "b", 0) is None
    assert chunks.add(second, "a", 0) == b"abcdef"


def test_unfinished_messages_are_bounded_in_number_time_and_size():
    chunks = Chunks(2, 10)
    for name in (b"1" * 8, b"2" * 8, b"3" * 8):
        chunks.add(chunked(b"abcdef", 3, name)[0], "a", 0)
    assert chunks.lost == 1
    chunks.add(chunked(b"abcdef", 3, b"4" * 8)[0], "a", 6)
    assert chunks.lost == 3
    for part in chunked(b"x" * 30, 6, b"5" * 8)[:2]:
        assert chunks.add(part, "a", 6) is None
    assert chunks.lost == 4


@pytest.mark.parametrize(
    "bad", [b"\x1e\x0f", b"\x1e\x0f12345678\x00\x00x", b"\x1e\x0f12345678\x05\x02x"]
)
def test_a_broken_chunk_is_no_message(bad):
    assert Chunks(2, 100).add(bad, "a", 0) is None


def test_the_encoding_is_told_by_the_first_bytes():
    assert encoding_of(zlib.compress(b"{}")) == "deflate"
    assert encoding_of(b"\x1f\x8bx") == "gzip"
    assert encoding_of(b"{}") == ""


def test_gelf_keeps_errors_and_counts_the_rest():
    def parse(least="error", **fields):
        settings = IntakeSettings(least_severity=least)
        return GelfIntake().parse(json.dumps({"short_message": "x"} | fields).encode(), settings)

    error = parse(level=3, full_message="x\ntrace", host="pbx", _line=7, timestamp=1.5)
    assert error.events[0]["message"] == "x\ntrace"
    assert error.events[0]["server_name"] == "pbx"
    assert error.events[0]["extra"] == {"line": 7}
    assert parse(level=6).ignored == {"gelf: info": 1}
    assert parse().events[0]["level"] == "fatal"
    assert parse(level=4, least="warning").events[0]["level"] == "warning"
    assert parse(level=3, least="critical").ignored == {"gelf: error": 1}
