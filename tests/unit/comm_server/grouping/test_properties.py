"""Grouping takes whatever comes, and what differs between two occurrences changes nothing."""

from __future__ import annotations

import copy
import random
import string
import time
from typing import Any

import pytest

from comm_server.fingerprint import grouping_of, with_trace
from comm_server.grouping import from_text, group
from tests.support.traces import TRACES

_KEYS = [
    *("exception", "values", "type", "value", "stacktrace", "frames", "module", "function"),
    *("filename", "context_line", "in_app", "message", "logentry", "fingerprint", "lineno"),
]
_LEAVES: list[Any] = [None, True, 0, -1.5, 10**30, "", "x", "\ud800", "\x00", "a.b:c", "{snip}"]


def anything(chance: random.Random, depth: int = 0) -> Any:
    """A JSON value of an event's words in any order."""
    form = chance.randrange(4 if depth < 6 else 1)
    if form == 0:
        return chance.choice(_LEAVES)
    if form == 1:
        return [anything(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {key: anything(chance, depth + 1) for key in chance.sample(_KEYS, 5)}


@pytest.mark.parametrize("seed", range(5))
def test_no_shape_raises(seed: int):
    chance = random.Random(seed)
    for _ in range(20):
        event = {key: anything(chance) for key in _KEYS}
        assert len(group(with_trace(event)).fingerprint) == 32


@pytest.mark.parametrize("seed", range(4))
def test_no_text_raises(seed: int):
    chance = random.Random(seed)
    lines = [line for text, _, _ in TRACES.values() for line in text.splitlines()]
    for _ in range(20):
        mixed = [chance.choice(lines) for _ in range(30)]
        mixed.append("".join(chance.choices(string.printable, k=200)))
        assert len(grouping_of("\n".join(mixed)).fingerprint) == 32


@pytest.mark.parametrize("seed", range(4))
def test_line_numbers_ids_and_install_paths_do_not_count(seed: int):
    chance = random.Random(seed)
    for text, _, _ in TRACES.values():
        one = from_text(text)
        one["exception"]["values"][-1]["value"] = "call 17 at 0x7f3a of 10.0.0.1"
        other = copy.deepcopy(one)
        for value in other["exception"]["values"]:
            for frame in value["stacktrace"]["frames"]:
                frame["lineno"] = chance.randrange(10_000)
                if "node:" not in frame.get("filename", "") and "/" in frame.get("filename", ""):
                    file = frame["filename"].rpartition("/")[2]
                    frame["filename"] = f"/srv/{chance.randrange(10**6)}/{file}"
        number, address = chance.randrange(10**9), chance.randrange(2**48)
        other["exception"]["values"][-1]["value"] = f"call {number} at {address:#x} of 10.0.0.9"
        other["event_id"] = f"{number:032x}"
        assert group(other).fingerprint == group(one).fingerprint


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "at " * 300_000,
        "\n".join(["  at a.b.C.m(C.java:1)"] * 50_000),
        "a.b." * 250_000 + "(",
        "Traceback (most recent call last):\n" * 20_000,
        ("java.lang.X: " + "y " * 50_000 + "\n") * 5,
        "1 " * 500_000,
        "a@" * 500_000,
        "0:" * 500_000,
        "$1" * 500_000,
        "\tat " + "a$1" * 300_000 + ".m(X.java:1)",
        "panic: " * 100_000 + "\ngoroutine 1 [running]:\nmain.f(" + "(" * 100_000,
    ],
)
def test_a_megabyte_of_anything_is_grouped_soon(text: str):
    begun = time.process_time()
    group(with_trace({"message": text}))
    frame = {"module": text, "function": text, "filename": text, "context_line": text}
    value = {"type": text, "value": text, "stacktrace": {"frames": [frame]}}
    group({"exception": {"values": [value]}})
    assert time.process_time() - begun < 5
