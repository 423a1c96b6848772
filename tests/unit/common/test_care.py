"""The program's side of the contract with its updater."""

from __future__ import annotations

import json

import pytest

from common.care import Doors, Drain, from_updater


@pytest.fixture
def pointer(tmp_path):
    def write(**what):
        (tmp_path / "current.json").write_text(json.dumps({"generation": 7, "trial": True} | what))

    write()
    write.environment = {"CALLSTEAD_CLOSED_DOORS": f"7:{tmp_path / 'current.json'}"}
    write.file = tmp_path / "current.json"
    return write


def test_without_the_variable_the_doors_are_open():
    assert not Doors({}).closed()
    assert not Doors({"CALLSTEAD_CLOSED_DOORS": ""}).closed()


def test_the_commit_opens_the_doors_and_nothing_closes_them_again(pointer):
    doors = Doors(pointer.environment)
    assert doors.closed()
    pointer(trial=False)
    assert not doors.closed()
    pointer.file.unlink()
    assert not doors.closed()


@pytest.mark.parametrize("what", [{"generation": 8, "trial": False}, {"generation": 8}])
def test_the_doors_stay_closed_when_the_trial_was_given_up(pointer, what):
    pointer(**what)
    assert Doors(pointer.environment).closed()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_what_cannot_be_read_opens_nothing(pointer, text):
    pointer.file.write_text(text)
    assert Doors(pointer.environment).closed()
    pointer.file.unlink()
    assert Doors(pointer.environment).closed()


def test_a_drain_lasts_as_long_as_it_was_told_and_ends_by_itself_or_by_a_word():
    now = [100.0]
    drain = Drain(lambda: now[0])
    assert not drain.on
    assert drain.told({"drain": True, "seconds": 60})
    assert drain.on
    now[0] += 59
    assert drain.told({"drain": True, "seconds": 60})
    now[0] += 59
    assert drain.on
    now[0] += 1
    assert not drain.on
    drain.told({"drain": True})
    drain.told({"drain": False})
    assert not drain.on
    drain.told({"drain": True, "seconds": 1e12})
    now[0] += 3600
    assert not drain.on


@pytest.mark.parametrize(
    "said", [None, [], {}, {"drain": 1}, {"drain": True, "seconds": "60"},
             {"drain": True, "seconds": -1}, {"drain": True, "seconds": True}],
)  # fmt: skip
def test_nonsense_drains_nobody(said):
    drain = Drain()
    assert not drain.told(said)
    assert not drain.on


@pytest.mark.parametrize(
    ("header", "token", "known"),
    [
        ("Bearer secret", "secret", True),
        ("Bearer wrong", "secret", False),
        ("Basic secret", "secret", False),
        ("Bearer ", "", False),
        (None, "secret", False),
        (None, "", False),
    ],
)
def test_only_who_has_the_token_is_the_updater(header, token, known):
    assert from_updater(header, token) is known
