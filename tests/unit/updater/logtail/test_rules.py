"""The pure rules: patterns, rotation, lines, records, levels, time stamps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from common.clock import stamp
from common.errors import OperatorError
from updater.logtail.cut import cut
from updater.logtail.joining import Joiner
from updater.logtail.levels import level_of
from updater.logtail.patterns import Pattern, is_rotated, read_pattern, worth_following
from updater.logtail.rotation import Act, Facts, Position, decide, holds_rest
from updater.logtail.stamps import moment_of

PYTHON = """2026-11-21 09:00:00,123 ERROR shop failed
Traceback (most recent call last):
  File "/srv/a.py", line 3, in f
    int("x")
ValueError: invalid literal for int() with base 10: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/b.py", line 9, in g
    f()
KeyError: 'x'"""
JAVA = """2026-11-21 09:00:00 ERROR [main] c.e.Shop - failed
java.lang.IllegalStateException: closed
\tat com.example.Shop.sell(Shop.java:17)
\tat com.example.Main.main(Main.java:3)
Caused by: java.io.IOException: broken pipe
\tat com.example.Till.open(Till.java:88)
\t... 2 more"""
SHARP = """Unhandled exception. System.InvalidOperationException: no
 ---> System.IO.IOException: pipe
   at Shop.Till.Open() in C:\\src\\Till.cs:line 8
   --- End of inner exception stack trace ---
   at Shop.Program.Main(String[] args) in C:\\src\\Program.cs:line 3"""
GO = """panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.sell(0x3, {0x0, 0x0})
\t/src/shop/main.go:12 +0x1d
main.main()
\t/src/shop/main.go:5 +0x20
exit status 2"""
WRAPPED = """INFO order {
  "id": 3
}"""


def joined(text: str) -> list[str]:
    made = cut(text.encode(), encoding="utf-8", most=10_000, complete=True, final=False)
    return [record.text for record in made.records]


@pytest.mark.parametrize("record", [PYTHON, JAVA, SHARP, GO, WRAPPED])
def test_a_stack_trace_is_one_record_between_its_neighbours(record):
    assert joined(f"INFO before\n{record}\nINFO after\n") == ["INFO before", record, "INFO after"]


def test_two_tracebacks_in_a_row_are_two_records():
    one = PYTHON.partition("\n\nDuring")[0].partition("\n")[2]
    assert joined(f"{one}\n{one}\n") == [one, one]


def test_nothing_is_taken_before_a_first_line():
    assert not Joiner().takes("  indented")


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("2026-11-21 ERROR no paper", "error"),
        ('{"level": "critical", "event": "x"}', "fatal"),
        ("ts=1 level=warn msg=ERROR", "warning"),
        ("INFO retry after ERROR 5", "info"),
        ("[error] 17#0: upstream timed out", "error"),
        ("0 errors, 0 warnings", "info"),
        ("ERROR_COUNT=0", "info"),
        (GO, "fatal"),
        (SHARP, "fatal"),
        (JAVA, "error"),
        ("Traceback (most recent call last):\n  File", "error"),
        ("WARNING retrying\nTraceback (most recent call last):", "warning"),
        ("DEBUG x", "debug"),
        ("", "info"),
    ],
)
def test_level(text, level):
    assert level_of(text) == level


NOW = datetime(2026, 11, 21, 17, 0, tzinfo=timezone(timedelta(hours=8)))


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("2026-11-21T09:00:00.5Z x", "2026-11-21T09:00:00.500Z"),
        ("2026-11-21 16:00:00,123 INFO x", "2026-11-21T08:00:00.123Z"),
        ('{"event": "x", "timestamp": "2026-11-21T09:00:00+01:00"}', "2026-11-21T08:00:00.000Z"),
        ("2026/11/21 16:00:00 listening", "2026-11-21T08:00:00.000Z"),
        ('10.0.0.1 - - [21/Nov/2026:16:00:00 +0800] "GET /"', "2026-11-21T08:00:00.000Z"),
        ("[Nov 21 16:00:00] NOTICE[12]: chan", "2026-11-21T08:00:00.000Z"),
        ("Dec 31 23:59:59 host x", "2025-12-31T15:59:59.000Z"),
        ("[1763715600.250] x", "2025-11-21T09:00:00.250Z"),
    ],
)
def test_time_stamp(line, at):
    found = moment_of(line, NOW)
    assert found is not None
    assert stamp(found) == at


@pytest.mark.parametrize(
    "line", ["no stamp", "2026-02-31 00:00:00 x", "2036-01-01T00:00:00Z ahead", "Xxx 12 00:00:00"]
)
def test_no_time_stamp(line):
    assert moment_of(line, NOW.astimezone(UTC)) is None


def test_patterns_name_program_encoding_and_path():
    assert read_pattern("pbx:gb18030=/var/log/*.log") == Pattern("pbx", "/var/log/*.log", "gb18030")
    assert read_pattern("pbx = /var/log/a.log").encoding == "utf-8"


@pytest.mark.parametrize("text", ["/var/log/a", "pbx=a.log", "pbx:utf-16=/a", "pbx:klingon=/a"])
def test_a_pattern_that_cannot_be_followed_says_how_it_is_written(text):
    with pytest.raises(OperatorError, match=r"updater\.logtail\.files"):
        read_pattern(text)


@pytest.mark.parametrize(
    ("name", "rotated"),
    [("app.log.1", True), ("app.log-20261121", True), ("app.log.2026-11-21", True),
     ("app.1.log", True), ("app-2026-11-21.log", True), ("app.log", False),
     ("app.err.log", False), ("app2.log", False)],
)  # fmt: skip
def test_names_that_a_rotation_gives(name, rotated):
    assert is_rotated(name, "app.log") is rotated


def test_rotated_and_compressed_files_are_not_followed_by_themselves():
    names = ["app.log", "app.log.1", "app.log.2.gz", "b.log.1"]
    assert worth_following(names) == ["app.log", "b.log.1"]
    assert worth_following(["app.log.1"], known=["app.log"]) == []


PLACE = Position("/l", "p", device=1, inode=2, offset=10, head=b"abc", tail=b"xyz")


@pytest.mark.parametrize(
    ("facts", "act"),
    [
        (Facts(1, 2, 11, b"abc", b"xyz"), Act.READ),
        (Facts(1, 2, 10, b"abc", b"xyz"), Act.NOTHING),
        (Facts(1, 3, 11, b"abc", b"xyz"), Act.REPLACED),
        (None, Act.REPLACED),
        (Facts(1, 2, 9, b"abc", b""), Act.REWRITTEN),
        (Facts(1, 2, 99, b"aXc", b"xyz"), Act.REWRITTEN),
        (Facts(1, 2, 99, b"abc", b"xYz"), Act.REWRITTEN),
    ],
)
def test_rotation_decision(facts, act):
    assert decide(PLACE, facts) is act


def test_a_copy_holds_the_rest_only_where_something_was_read_to_know_it_by():
    copy = Facts(1, 9, 50, b"abc", b"xyz")
    assert holds_rest(PLACE, copy)
    assert not holds_rest(Position("/l", "p", 1, 2), Facts(1, 9, 50))
    assert holds_rest(Position("/l", "p", 1, 9), Facts(1, 9, 50))


def pieces(data: bytes, **how):
    how = {"encoding": "utf-8", "most": 8, "complete": False, "final": False} | how
    made = cut(data, **how)
    return [record.text for record in made.records], made.consumed, made.skipping


def test_the_last_record_waits_for_what_may_belong_to_it():
    assert pieces(b"a\nb\n") == (["a"], 2, False)
    assert pieces(b"a\nb\n", complete=True) == (["a", "b"], 4, False)
    assert pieces(b"a\nb", complete=True) == (["a"], 2, False)
    assert pieces(b"a\nb", final=True) == (["a", "b"], 3, False)


def test_blank_lines_are_no_records_and_are_not_read_again():
    assert pieces(b"\n\n") == ([], 2, False)
    assert pieces(b"a\n\nb\n\n", complete=True) == (["a", "b"], 6, False)


def test_a_very_long_line_is_cut_and_its_rest_skipped_wherever_it_ends():
    cut_off = " [rest of a long line cut off]"
    assert pieces(b"0123456789\nb\n", complete=True)[0] == ["01234567" + cut_off, "b"]
    assert pieces(b"0123456789") == (["01234567" + cut_off], 10, True)
    assert pieces(b"still it", skipping=True) == ([], 8, True)
    assert pieces(b"end\nb\n", skipping=True) == ([], 4, False)
    assert pieces(b"end\nb\n", skipping=True, complete=True) == (["b"], 6, False)


def test_a_record_of_many_lines_keeps_its_beginning_and_its_end():
    (text,), _, _ = pieces(b"head\n" + b" x\n" * 50 + b" end\n", complete=True)
    assert text.startswith("head\n x\n")
    assert text.endswith(" end")
    assert "characters left out" in text


def test_gb18030_is_read_and_what_is_none_is_replaced():
    data = "错误\n".encode("gb18030")
    assert pieces(data, encoding="gb18030", complete=True)[0] == ["错误"]
    assert pieces(b"\xff\xfe\n", complete=True)[0] == ["\ufffd\ufffd"]


def test_the_hole_that_copytruncate_leaves_is_no_text():
    assert pieces(b"\0\0\0\0a\n", complete=True)[0] == ["a"]
