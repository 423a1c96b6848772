from __future__ import annotations

import copy

import pytest

from comm_server.grouping import from_text, group
from comm_server.grouping.normalise import normalise_message
from tests.support.traces import GO, JAVA


def event(**extra):
    return {
        "exception": {
            "values": [
                {
                    "type": "ValueError",
                    "value": "bad number '8001'",
                    "stacktrace": {
                        "frames": [
                            {"module": "companion.main", "function": "run", "in_app": True},
                            {
                                "module": "companion.numbers",
                                "function": "normalise",
                                "context_line": "    return   int(text)",
                                "lineno": 12,
                                "in_app": True,
                            },
                            {"module": "re", "function": "match", "in_app": False},
                        ]
                    },
                }
            ]
        }
    } | extra


def test_the_innermost_in_app_frame_names_the_place():
    assert group(event()).place == "companion.numbers:normalise"


def test_another_line_number_and_another_value_are_the_same_problem():
    other = copy.deepcopy(event())
    frame = other["exception"]["values"][0]["stacktrace"]["frames"][1]
    frame["lineno"], frame["context_line"] = 99, "return int(text)"
    other["exception"]["values"][0]["value"] = "bad number '9002'"
    assert group(other).fingerprint == group(event()).fingerprint


def test_another_type_is_another_problem():
    other = copy.deepcopy(event())
    other["exception"]["values"][0]["type"] = "KeyError"
    assert group(other).fingerprint != group(event()).fingerprint


def test_the_clients_own_fingerprint_wins():
    one = group(event(fingerprint=["billing", "7"]))
    assert one.fingerprint == group({"fingerprint": ["billing", "7"], "message": "x"}).fingerprint
    assert one.fingerprint != group(event()).fingerprint


def test_the_default_fingerprint_of_sdks_means_none():
    assert group(event(fingerprint=["{{ default }}"])) == group(event())


def test_of_chained_exceptions_the_uncaught_one_counts():
    chained = event()
    chained["exception"]["values"].insert(0, {"type": "OSError", "value": "cause"})
    assert group(chained).fingerprint == group(event()).fingerprint


def test_a_log_line_is_grouped_without_its_numbers():
    one = group({"message": "call 17 to 10.0.0.5:5060 failed after 31.5 s"})
    assert one == group({"message": "call 17 to 10.0.0.5:5060 failed after 31.5 s"})
    assert (
        one.fingerprint
        == group({"message": "call 9 to 10.9.9.9:5061 failed after 2 s"}).fingerprint
    )


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"exception": None},
        {"exception": {"values": "x"}},
        {"exception": {"values": [None, 3]}},
        {"exception": {"values": [{"type": None, "stacktrace": {"frames": [1]}}]}},
        {"exception": [{"type": "E", "value": "v"}]},
        {"message": {"formatted": "hello"}},
        {"logentry": "x", "message": 5},
        {"fingerprint": [None, {}]},
    ],
)
def test_odd_shapes_never_raise(odd):
    assert len(group(odd).fingerprint) == 32


def test_fingerprints_of_v1_are_frozen():
    """A changed rule is a new grouper, never a changed old one: these values may not change."""
    assert group(event()).fingerprint == "7e3ccc578cadaeec4237471e2eb88fc5"
    assert group(from_text(JAVA)).fingerprint == "f536876a86bc5de613da09c287fe4d91"
    assert group(from_text(GO)).fingerprint == "e0b4c22e1621e3d443af1fda44d51473"
    assert group({"message": "disk 3 is full"}).fingerprint == "b853d91721a75d72882ae25408fe69b3"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("user 42", "user <n>"),
        ("at 2026-11-21T05:37:35.123Z", "at <date>"),
        ("id 5f3b1c9e-8d6a-4a3b-9c1d-0e2f4a6b8c0d", "id <uuid>"),
        ("to anna@example.com", "to <mail>"),
        ("open /var/lib/x/y.db", "open <path>"),
        (r"open C:\Users\li\x.txt", "open <path>"),
        ("see https://example.com/a?b=1", "see <url>"),
        ("at 0x7ffe12", "at <hex>"),
        ("from 192.168.1.9:5060", "from <ip>"),
        ("号码 13800138000 无效", "号码 <n> 无效"),
    ],
)
def test_what_differs_is_taken_out(text, normal):
    assert normalise_message(text) == normal
