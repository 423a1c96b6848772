"""What a bundle tells of the minutes around a new problem."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from comm_server.log_lines import LogLine, keep_lines
from comm_server.settings import LogSettings
from comm_server.surroundings import lines_around
from common.clock import stamp
from tests.support.site import TestSite, crash
from tests.unit.comm_server.test_client_logs import given, join, line


def at(site: TestSite, seconds: float, ahead: float = 0.0) -> str:
    return stamp(site.clock.now() + timedelta(seconds=seconds + ahead))


def keep(site: TestSite, *texts: str, program: str = "p") -> None:
    made = [LogLine("m", program, site.now, "info", text) for text in texts]
    site.store.write(lambda c: keep_lines(c, made, LogSettings(), site.now))


def around(site: TestSite, **limits: int) -> tuple[list[str], dict[str, int]]:
    settings = dataclasses.replace(LogSettings(), **limits)
    lines, counts = lines_around(site.store, [site.clock.now()], settings, 2**20)
    return [one["line"] for one in lines], dict(counts)


def test_lines_of_two_machines_with_wrong_clocks_are_in_their_true_order(site):
    """seat-1 is an hour ahead, seat-2 ten minutes late; the problem arrives 30 s late."""
    join(site, "seat-1")
    one, two = 3600.0, -600.0
    site.parts.fleet.heard("c-seat-1", {"at": at(site, 0, one)})
    given(site, line(1, "A too early", at=at(site, -121 - 30, one)),
          line(2, "B first", at=at(site, -120 - 30, one)),
          line(3, "D error", at=at(site, -30, one)), now=at(site, 0, one))  # fmt: skip
    given(site, line(1, "C cause", at=at(site, -31, two)),
          line(2, "E after", at=at(site, -1, two)),
          client="seat-2", now=at(site, 0, two))  # fmt: skip
    site.report(crash(1, timestamp=at(site, -30, one)))
    bundle = site.opened(site.bundle("urgent")).bundle
    assert [(x["machine"], x["line"]) for x in bundle.logs] == [
        ("seat-1", "B first"), ("seat-2", "C cause"), ("seat-1", "D error"), ("seat-2", "E after"),
    ]  # fmt: skip
    assert bundle.logs[2] == {
        "at": at(site, -30), "machine": "seat-1", "program": "pbx", "level": "info",
        "line": "D error",
    }  # fmt: skip
    assert bundle.environment["clients"]["seat-1"]["clock_skew"] == 3600
    assert bundle.environment["releases"] == {"seat-1": {}}
    assert len(bundle.environment["communications_server"]["configuration"]) == 16


def test_a_known_problem_brings_no_lines(site):
    site.report(crash(1))
    site.bundle()
    keep(site, "x")
    site.report(crash(2))
    assert site.opened(site.bundle()).bundle.logs == []


def test_a_report_with_a_wild_time_stamp_is_looked_at_where_it_arrived(site):
    keep(site, "near")
    site.report(crash(1, timestamp="1999-01-01T00:00:00Z"))
    assert [x["line"] for x in site.opened(site.bundle()).bundle.logs] == ["near"]


def test_over_the_limits_the_lines_next_to_the_error_stay(site):
    keep(site, "old")
    site.clock.advance(60)
    keep(site, "near", "nearest")
    assert around(site, most_lines=2)[0] == ["near", "nearest"]
    assert around(site, most_bytes=220)[0] == ["near", "nearest"]
    assert around(site, most_bytes=10)[0] == []


def test_lines_never_push_a_report_out_of_its_mail(site):
    settings = site.parts.settings.current
    small = dataclasses.replace(settings.bundle, most_bytes=20_000)
    site.parts.settings.current = dataclasses.replace(settings, bundle=small)
    keep(site, *("".join(chr(33 + (n * k) % 90) for k in range(200)) for n in range(400)))
    site.report(crash(1))
    assert len(site.opened(site.bundle()).bundle.reports) == 1


def test_lines_are_scrubbed_like_reports_and_counted(site):
    keep(site, "login with password=hunter2 as ann", "Authorization: Bearer abcdefghijkl")
    site.report(crash(1))
    bundle = site.opened(site.bundle()).bundle
    text = " ".join(one["line"] for one in bundle.logs)
    assert "hunter2" not in text
    assert "abcdefghijkl" not in text
    assert "as ann" in text
    assert bundle.manifest["scrubbed"]["password"] == 1


def test_a_private_key_that_comes_line_by_line_is_masked_to_its_end(site):
    # In halves, or this file would look like one.
    keep(site, "-----BEGIN " + "PRIVATE KEY-----", "MIIEvQ", "xyz")
    keep(site, "other program", program="q")
    keep(site, "-----END " + "PRIVATE KEY-----", "after")
    texts, counts = around(site)
    assert [t for t in texts if t != "[scrubbed]"] == ["other program", "after"]
    assert counts["private key"] >= 3
