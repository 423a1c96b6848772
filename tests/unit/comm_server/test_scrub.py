from __future__ import annotations

import pytest

from comm_server.scrub import MASK, scrub


@pytest.mark.parametrize(
    "key", ["password", "db_passwd", "API-Key", "authorization", "Set-Cookie", "session_id", "pin"]
)
def test_the_value_under_a_telling_name_goes(key):
    clean, counts = scrub({"vars": {key: "hunter2"}})
    assert clean == {"vars": {key: MASK}}
    assert counts["key"] == 1


@pytest.mark.parametrize("key", ["shipping", "spinner", "author", "passage", "keyboard"])
def test_innocent_names_stay(key):
    assert scrub({key: "x"})[0] == {key: "x"}


def test_a_password_in_a_source_line_goes():
    clean, counts = scrub({"context_line": "    connect(user='li', password='s3cret!')"})
    assert "s3cret" not in str(clean)
    assert counts["password"] == 1


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcdefghijklmnop",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
        "postgres://app:t0psecret@db/x",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
        "card 4111 1111 1111 1111 declined",
    ],
)
def test_what_looks_like_a_secret_goes_wherever_it_stands(text):
    clean, counts = scrub(["message", {"value": text}])
    assert MASK in str(clean)
    assert sum(counts.values()) == 1


def test_a_long_number_that_is_no_card_stays():
    assert scrub("order 4111111111111112")[0] == "order 4111111111111112"


def test_headers_as_pairs_are_understood():
    assert scrub([["Cookie", "sid=1"], ["Accept", "*/*"]])[0] == [
        ["Cookie", MASK],
        ["Accept", "*/*"],
    ]


def test_a_report_nested_without_end_is_cut_instead_of_overflowing():
    deep: object = "x"
    for _ in range(500):
        deep = [deep]
    assert scrub(deep)[1]["too deep"] == 1
