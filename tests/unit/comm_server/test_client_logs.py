"""``POST /client/logs``: every line once, errors as reports, the table bounded."""

from __future__ import annotations

import dataclasses
import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from comm_server.digest import digest_some
from comm_server.fleet.logs import take
from comm_server.intake.logs import exception_in
from comm_server.log_lines import LogLine, keep_lines, prune
from comm_server.settings import LogSettings
from common.clock import stamp
from common.errors import RefusedError
from tests.support.site import TestSite, crash
from tests.unit.updater.logtail.test_rules import GO, JAVA, PYTHON, SHARP

RING = "ab" * 8
SETTINGS = LogSettings()


def join(site: TestSite, name: str) -> str:
    site.store.execute(
        "INSERT INTO clients (client, name, platform, certificate_sha256, public_key, joined_at) "
        "VALUES (?, ?, 'p', ?, 'k', ?)",
        (f"c-{name}", name, name * 2, site.now),
    )
    return name * 2


def line(seq: int, text: str = "", **other: Any) -> dict[str, Any]:
    told = {"seq": seq, "at": "2026-11-21T08:59:59.000Z", "program": "pbx", "level": "info"}
    return {**told, "line": text or f"line {seq}", "error": False} | other


def error(seq: int, text: str = "ERROR no", **other: Any) -> dict[str, Any]:
    return line(seq, text, level="error", error=True) | other


def batch(site: TestSite, *lines: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"ring": RING, "now": site.now, "lost": 0, "lines": list(lines)} | other


def given(site: TestSite, *lines: dict[str, Any], client: str = "seat-1", **other: Any) -> int:
    row = {"client": f"c-{client}", "name": client}
    return take(site.store, site.clock, row, batch(site, *lines, **other), SETTINGS)


def kept(site: TestSite) -> list[str]:
    return [row["line"] for row in site.store.rows("SELECT line FROM log_lines ORDER BY id")]


def digested(site: TestSite) -> list[dict[str, Any]]:
    while digest_some(site.store, site.intake):
        pass
    return site.store.rows("SELECT * FROM problems ORDER BY id")


def test_a_repeated_batch_is_kept_once_and_the_answer_says_how_far(site):
    assert given(site, line(1), error(2)) == 2
    assert given(site, line(1), error(2)) == 2
    assert given(site, error(2), line(3)) == 3
    assert given(site) == 3
    assert kept(site) == ["line 1", "ERROR no", "line 3"]
    (problem,) = digested(site)
    assert (problem["count"], problem["program"]) == (1, "pbx")


def test_numbers_of_another_ring_or_client_are_others(site):
    given(site, line(5))
    given(site, line(1, "new database"), ring="cd" * 8)
    given(site, line(1, "other"), client="seat-2")
    assert kept(site) == ["line 5", "new database", "other"]


def test_over_http_only_a_joined_client_gets_in_and_gzip_is_read(site):
    peer = join(site, "seat")
    body = gzip.compress(json.dumps(batch(site, line(1))).encode())
    client, headers = site.app().test_client(), {"Content-Encoding": "gzip"}
    assert client.post("/client/logs", data=body, headers=headers).status_code == 403
    headers["Callstead-Peer"] = peer
    answer = client.post("/client/logs", data=body, headers=headers)
    assert (answer.status_code, answer.json) == (200, {"accepted": 1})
    bomb = gzip.compress(b" " * (9 * 2**20))
    answer = client.post("/client/logs", data=bomb, headers=headers)
    assert (answer.status_code, answer.json["error"]) == (403, "body")
    assert kept(site) == ["line 1"]


@pytest.mark.parametrize(
    "wrong",
    [[], {"ring": "x", "lines": []}, {"ring": RING, "lines": [{"seq": 1}]},
     {"ring": RING, "lines": [{"seq": 0, "program": "p", "line": "x"}]},
     {"ring": RING, "lines": [{"seq": 1, "program": "P!", "line": "x"}]},
     {"ring": RING, "lines": [{}] * 1001}],
)  # fmt: skip
def test_what_is_no_batch_is_refused_whole(site, wrong):
    with pytest.raises(RefusedError):
        take(site.store, site.clock, {"client": "c", "name": "n"}, wrong, SETTINGS)
    assert kept(site) == []


def test_times_are_those_of_this_servers_clock(site):
    ahead = stamp(site.clock.now() + timedelta(hours=2))
    given(site, line(1, at=ahead), line(2, at="never"), now=ahead)
    rows = site.store.rows("SELECT at FROM log_lines")
    assert [row["at"] for row in rows] == [site.now, site.now]


def test_vitals_tell_how_wrong_a_clients_clock_is(site):
    join(site, "seat")
    late = stamp(site.clock.now() - timedelta(minutes=3))
    site.parts.fleet.heard("c-seat", {"at": late})
    assert site.parts.fleet.one("c-seat")["vitals"]["clock_skew"] == -180
    site.parts.fleet.heard("c-seat", {"at": "?"})
    assert site.parts.fleet.one("c-seat")["vitals"]["clock_skew"] is None


def test_a_program_that_reports_by_itself_is_not_counted_twice_but_its_death_is(site):
    number, _key = site.dsn("pbx", "seat-1")
    site.report(crash(1), dsn=number)
    given(site, error(1, PYTHON), error(2, "FATAL gone", level="fatal"))
    assert [problem["title"] for problem in digested(site)][1:] == ["FATAL gone"]


def test_lines_that_a_client_lost_are_told_as_dropped(site):
    given(site, line(1), lost=7)
    given(site, line(1), lost=7)
    assert site.store.value("SELECT count FROM tallies WHERE kind = 'dropped'") == 7


@pytest.mark.parametrize(
    ("text", "kind", "function"),
    [(PYTHON, "KeyError", "g"), (JAVA, "java.lang.IllegalStateException", "sell"),
     (SHARP, "System.InvalidOperationException", "Open")],
)  # fmt: skip
def test_a_stack_trace_becomes_an_exception(text, kind, function):
    found = exception_in(text)
    assert found is not None
    assert found["type"] == kind
    frames = found["stacktrace"]["frames"]
    assert function in {frame["function"] for frame in frames}


def test_what_is_no_known_stack_trace_stays_a_message(site):
    assert exception_in(GO) is None
    given(site, error(1, GO, level="fatal"))
    (problem,) = digested(site)
    assert problem["level"] == "fatal"


def lines(site: TestSite, count: int, settings: LogSettings, size: int = 1000) -> None:
    made = [LogLine("m", "p", site.now, "info", f"{n}".ljust(size)) for n in range(count)]
    site.store.write(lambda connection: keep_lines(connection, made, settings, site.now))


def test_lines_are_bounded_by_bytes_and_the_sum_is_true(site):
    small = dataclasses.replace(SETTINGS, keep_bytes=2**16)
    for _ in range(5):
        lines(site, 40, small)
    held = site.store.value("SELECT sum(size) FROM log_lines")
    assert held == site.store.value("SELECT bytes FROM log_total") <= 2**16
    newest = site.store.value("SELECT line FROM log_lines ORDER BY id DESC")
    assert newest.strip() == "39"


def test_lines_are_bounded_by_age(site):
    lines(site, 3, SETTINGS)
    site.clock.advance(days=8)
    assert site.store.write(lambda c: prune(c, SETTINGS, site.now)) == 3
    assert site.store.value("SELECT bytes FROM log_total") == 0
