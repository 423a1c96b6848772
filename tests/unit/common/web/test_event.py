from __future__ import annotations

from typing import Any

import pytest

from common.web.event import view, words_of

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


def test_the_fault_is_the_programs_own_call_nearest_to_the_failure() -> None:
    frames = [
        {"function": "main", "in_app": True},
        {"function": "work", "in_app": True},
        {"function": "recv", "in_app": False},
    ]
    chain = [{"type": "OSError", "stacktrace": {"frames": frames}}, {"type": "CallFailed"}]
    shown = view({"exception": {"values": chain}}, AT)
    assert [fault.type for fault in shown.faults] == ["CallFailed", "OSError"]
    (marked,) = [frame for fault in shown.faults for frame in fault.frames if frame.at_fault]
    assert marked.function == "work"


def test_without_own_code_the_failing_call_itself_is_the_fault() -> None:
    frames = [{"function": "main", "in_app": False}, {"function": "recv", "in_app": False}]
    shown = view({"exception": [{"stacktrace": {"frames": frames}}]}, AT)
    assert [frame.at_fault for frame in shown.faults[0].frames] == [True, False]


def test_the_words_of_an_event_are_its_message_and_its_exceptions() -> None:
    event = {**EVENT, "logentry": {"formatted": "call 7 failed"}}
    assert words_of(event) == "call 7 failed\nZeroDivisionError: division by zero"
