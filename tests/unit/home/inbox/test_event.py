from __future__ import annotations

from typing import Any

import pytest

from home.inbox.event import view
from home.inbox.reports import newest, report
from tests.support.vendor import CRASH, Vendor

AT = "2026-11-21T08:30:00.000Z"
EVENT: dict[str, Any] = {
    "timestamp": AT,
    "level": "error",
    "release": "companion@1.0.0",
    "exception": {
        "values": [
            {
                "type": "ZeroDivisionError",
                "value": "division by zero",
                "stacktrace": {
                    "frames": [
                        {"function": "main", "filename": "lib.py", "in_app": False, "lineno": 1},
                        {
                            "function": "half",
                            "filename": "work.py",
                            "lineno": 12,
                            "in_app": True,
                            "pre_context": ["def half(n):"],
                            "context_line": "    return n / 0",
                            "post_context": ["", "x = 1"],
                            "vars": {"n": "5", "deep": {"a": [1]}},
                        },
                    ]
                },
            }
        ]
    },
    "breadcrumbs": {
        "values": [{"timestamp": 1795249800.0, "message": "dialled", "data": {"n": 1}}]
    },
    "tags": [["seat", "7"]],
    "contexts": {"os": {"name": "Linux"}},
}


def test_the_failing_call_comes_first_with_source_and_variables() -> None:
    shown = view(EVENT, AT)
    (fault,) = shown.faults
    assert [frame.function for frame in fault.frames] == ["half", "main"]
    frame = fault.frames[0]
    assert frame.source[:2] == ((11, "def half(n):", False), (12, "    return n / 0", True))
    assert frame.variables == (("n", "5"), ("deep", '{"a": [1]}'))
    assert not fault.frames[1].in_app
    assert shown.crumbs[0].message == 'dialled {"n": 1}'
    assert shown.facts == (("tags", (("seat", "7"),)), ("os", (("name", "Linux"),)))


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"exception": 7, "breadcrumbs": [1, None], "tags": "x", "contexts": [], "timestamp": 1e99},
        {"exception": {"values": [{"stacktrace": {"frames": [{"vars": [1], "lineno": "x"}]}}]}},
        {"logentry": {"message": "m"}, "timestamp": True, "message": {"formatted": "f"}},
        {"exception": [{"stacktrace": {"frames": [{"context_line": "a", "pre_context": "b"}]}}]},
    ],
)
def test_whatever_a_program_writes_there_is_a_view(event: dict[str, Any]) -> None:
    assert view(event, AT).at == AT


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
    assert [row["id"] for row in newest(vendor.store, 1)] == ["e1"]
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
