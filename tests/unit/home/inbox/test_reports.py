from __future__ import annotations

from home.inbox.reports import report, samples
from tests.support.vendor import CRASH, Vendor

AT = "2026-11-21T08:30:00.000Z"
EVENT = {"timestamp": AT, "level": "error", "release": "companion@1.0.0", "message": "broken"}


def test_a_report_is_shown_with_all_machines_lines_around_it_in_time_order(vendor: Vendor) -> None:
    site = vendor.add_site()
    logs = [
        {"at": "2026-11-21T08:29:59.500Z", "machine": "pbx", "program": "asterisk", "line": "b"},
        {"at": "2026-11-21T08:29:58.000Z", "machine": "seat-1", "program": "desk", "line": "a"},
        {"at": "2026-11-21T07:00:00.000Z", "machine": "seat-1", "program": "desk", "line": "old"},
        "junk",
    ]
    entry = {"id": "e1", "fingerprint": "f1", "received_at": AT, "machine": "seat-1"}
    content = {"reports": {"e1": EVENT}, "logs": logs, "environment": {"clients": {}}}
    vendor.receive(site.mail(content, problems=[CRASH], reports=[entry]))
    assert [row["id"] for row in samples(vendor.store, 1)] == ["e1"]
    found = report(vendor.store, site.id, "e1", 60)
    assert found is not None
    assert found.event is not None
    assert found.event.release == "companion@1.0.0"
    assert [line.line for line in found.lines] == ["a", "b"]
    assert found.environment == {"clients": {}}
    assert report(vendor.store, site.id, "e2", 60) is None


def test_the_moment_is_in_the_time_of_the_sites_server_like_the_lines(vendor: Vendor) -> None:
    site = vendor.add_site()
    entry = {"id": "e1", "fingerprint": "f1", "received_at": AT, "machine": "seat-1"}
    logs = [{"at": "2026-11-21T08:29:58.000Z", "machine": "pbx", "program": "p", "level": "error",
             "line": "b"}]  # fmt: skip
    event = {**EVENT, "timestamp": "2026-11-21T09:30:00.000Z"}
    environment = {"clients": {"seat-1": {"clock_skew": 3600}}}
    content = {"reports": {"e1": event}, "logs": logs, "environment": environment}
    vendor.receive(site.mail(content, problems=[CRASH], reports=[entry]))
    found = report(vendor.store, site.id, "e1", 60)
    assert found is not None
    assert found.moment == "2026-11-21T08:30:00.000Z"
    assert [(line.level, line.line) for line in found.lines] == [("error", "b")]
