"""What callers hear, as files; with a stand-in for the program that speaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.domain.telephony.flow import Prompt
from appliance.telephony.speech import NotSpokenError, Speech, speak
from appliance.telephony.tree import Tree
from tests.unit.appliance.telephony.test_audio import wav


@pytest.fixture
def tree(tmp_path) -> Tree:
    """Its loader runs a shell instead, which answers what `espeak-ng` would write."""
    libraries = tmp_path / "usr" / "lib" / "x86_64-linux-gnu"
    libraries.mkdir(parents=True)
    (tmp_path / "usr" / "bin").mkdir()
    (tmp_path / "usr" / "bin" / "espeak-ng").touch()
    (tmp_path / "said.wav").write_bytes(wav(22_050, 440.0))
    loader = tmp_path / "usr" / "lib64" / "ld-linux-x86-64.so.2"
    loader.parent.mkdir()
    loader.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\ncat >> {tmp_path}/asked\n'
        f"cat {tmp_path}/said.wav\n"
    )
    loader.chmod(0o755)
    return Tree(tmp_path)


def asked(tree: Tree) -> str:
    return (tree.folder / "asked").read_text()


def test_a_text_is_spoken_once_with_the_voice_of_its_language_and_never_shown_to_others(tree):
    speech = Speech(tree.folder / "prompts", tree, lambda _: None)
    first = speech.media(Prompt("您好; rm -rf /", "zh-CN"))
    assert first is not None
    path = Path(first + ".sln16")
    assert path.stat().st_size == pytest.approx(0.2 * 32_000, rel=0.05)
    assert path.stat().st_mode & 0o777 == 0o600
    assert speech.media(Prompt("您好; rm -rf /", "zh-CN")) == first
    assert asked(tree).count("-v cmn") == 1
    assert asked(tree).count("您好; rm -rf /") == 1  # from its input, not its arguments


def test_a_recording_is_written_once_for_the_switch(tree):
    speech = Speech(tree.folder / "prompts", tree, {7: b"\1\2" * 100}.get)
    name = speech.media(Prompt(recording=7))
    assert name is not None
    assert Path(name + ".sln16").read_bytes() == b"\1\2" * 100


def test_what_cannot_be_heard_is_left_out_and_the_call_goes_on(tree):
    speech = Speech(tree.folder / "prompts", tree, lambda _: None)
    assert speech.media(Prompt(recording=8)) is None
    assert speech.media(Prompt("Bonjour", "fr")) is None


def test_a_program_that_fails_is_told_with_what_it_said(tree):
    loader = tree.folder / "usr" / "lib64" / "ld-linux-x86-64.so.2"
    loader.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    with pytest.raises(NotSpokenError, match="broken"):
        speak(tree, "Hello", "en")
