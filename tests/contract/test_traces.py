"""What every language's reader of pasted stack traces must keep."""

from __future__ import annotations

import pytest

from comm_server.grouping import from_text, group
from comm_server.grouping.traces import LANGUAGES
from tests.support.traces import TRACES

CASES = [pytest.param(name, *case, id=name) for name, case in TRACES.items()]


def test_every_language_is_tried() -> None:
    assert set(TRACES) == set(LANGUAGES)


@pytest.mark.parametrize(("language", "text", "types", "place"), CASES)
def test_the_chain_is_told_oldest_first(language: str, text: str, types: list[str], place: str):
    event = from_text(text)
    assert event["platform"] == language
    assert [one["type"] for one in event["exception"]["values"]] == types


@pytest.mark.parametrize(("language", "text", "types", "place"), CASES)
def test_the_innermost_own_frame_is_the_place(
    language: str, text: str, types: list[str], place: str
):
    assert group(from_text(text)).place == place


@pytest.mark.parametrize(("language", "text", "types", "place"), CASES)
def test_frames_are_outermost_first_and_have_their_lines(
    language: str, text: str, types: list[str], place: str
):
    frames = from_text(text)["exception"]["values"][-1]["stacktrace"]["frames"]
    assert all(one.get("function") or one.get("filename") for one in frames)
    assert any(isinstance(one.get("lineno"), int) for one in frames)


@pytest.mark.parametrize(("language", "text", "types", "place"), CASES)
def test_windows_line_ends_change_nothing(language: str, text: str, types: list[str], place: str):
    assert group(from_text(text.replace("\n", "\r\n"))) == group(from_text(text))


@pytest.mark.parametrize(("language", "text", "types", "place"), CASES)
def test_a_text_cut_anywhere_is_read_without_an_error(
    language: str, text: str, types: list[str], place: str
):
    for end in range(0, len(text), 7):
        assert len(group(from_text(text[:end])).fingerprint) == 32


@pytest.mark.parametrize(("language", "text", "types", "place"), CASES)
def test_another_languages_trace_is_left_alone(
    language: str, text: str, types: list[str], place: str
):
    lines = text.splitlines()
    mine = sum(len(v["stacktrace"]["frames"]) for v in LANGUAGES[language](lines))
    for other, parse in LANGUAGES.items():
        if other != language:
            theirs = sum(len(v["stacktrace"]["frames"]) for v in parse(lines))
            assert theirs < mine, other


def test_plain_text_has_no_exception() -> None:
    assert from_text("disk 3 is full\nat noon") == {"message": "disk 3 is full\nat noon"}
