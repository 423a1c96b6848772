"""A megabyte of one word: what is quadratic takes hours, and holds up every other thread."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from comm_server.grouping import group
from comm_server.scrub.values import scrub_text

_LENGTH = 1_000_000
_SECONDS = 20  # linear takes half a second here; the square of a megabyte takes hours


@pytest.mark.parametrize(
    "word",
    ["x", "a.", "eyJaaaaaaaa-", "token", "secret_", "token=\t ", "://a:b", "-----BEGIN ", "1 "],
)
def test_time_grows_with_the_length_and_not_with_its_square(word: str):
    text = (word * (_LENGTH // len(word) + 1))[:_LENGTH]
    started = time.process_time()
    scrub_text(text, Counter())
    group({"message": text})
    assert time.process_time() - started < _SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "DB_PASSWORD='hunter2'",
        'my.api_key_v2" : "hunter2"',
        "passwd_token = 'hunter2'",
        "x-eyJhbGciOiJub25lIn0.eyJzdWIiOiJodW50ZXIyIn0.hunter2",
    ],
)
def test_the_bounds_miss_no_secret(text: str):
    assert "hunter2" not in scrub_text(text, Counter())
