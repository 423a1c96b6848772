"""Bringing the switch here, with a stand-in for the program that fetches it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.settings.telephony import TelephonySettings
from appliance.telephony.install import install
from appliance.telephony.places import Places
from appliance.telephony.tree import Tree
from common.clock import SystemClock
from common.errors import NetworkError, OperatorError
from tests.support.fake_switch import make_mmdebstrap

SETTINGS = TelephonySettings(mirror="http://mirror.example/debian")


@pytest.fixture
def ground(tmp_path, monkeypatch) -> Path:
    bin_folder = make_mmdebstrap(tmp_path / "g")
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    return tmp_path / "g"


@pytest.fixture
def places(tmp_path) -> Places:
    return Places(tmp_path / "t")


def bring(places: Places, **named) -> list[str]:
    said: list[str] = []
    install(places, SETTINGS, SystemClock(), said.append, **named)
    return said


def test_it_is_fetched_tried_and_put_in_its_place_with_each_step_told(ground, places):
    said = bring(places)
    assert said[0] == "taking Asterisk from the suite forky of http://mirror.example/debian"
    assert "fetching the packages" in said
    assert said[-1] == f"Asterisk 22.0.1 is installed in {places.tree}"
    about = Tree(places.tree).about
    assert about is not None
    assert (about["version"], about["suite"]) == ("22.0.1", "forky")
    assert (Tree(places.tree).shared / "sounds" / "en").is_dir()
    assert not places.building.exists()
    assert not places.downloads.exists()


def test_a_second_time_changes_nothing(ground, places):
    bring(places)
    (ground / "no-network").touch()
    assert bring(places) == ["Asterisk 22.0.1 is already here"]


def test_without_a_network_it_says_what_to_do_and_keeps_what_was_fetched(ground, places):
    (ground / "no-network").touch()
    with pytest.raises(NetworkError, match=r"the mirror is away.*what was fetched is kept"):
        bring(places)
    assert (places.downloads / "asterisk.deb").exists()
    (ground / "no-network").unlink()
    bring(places)
    assert Tree(places.tree).about is not None


def test_a_switch_that_does_not_start_never_takes_the_place_of_one_that_does(ground, places):
    bring(places)
    (ground / "packages" / "usr" / "lib64" / "broken").touch()
    with pytest.raises(OperatorError, match="does not start: cannot load libc"):
        bring(places, again=True)
    assert Tree(places.tree).about is not None
    assert not (places.tree / "usr" / "lib64" / "broken").exists()


def test_what_a_kill_left_is_swept_away(ground, places):
    places.make()
    (places.building / "usr" / "half").mkdir(parents=True)
    bring(places)
    assert not (places.tree / "usr" / "half").exists()


def test_without_the_program_that_fetches_it_names_the_package(places, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperatorError, match="apt-get install mmdebstrap"):
        bring(places)


def test_without_a_mirror_it_says_which_setting_names_one(places, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperatorError, match=r"appliance\.telephony\.mirror"):
        install(places, replace(SETTINGS, mirror=""), SystemClock(), print)


def test_in_a_folder_with_a_long_name_the_socket_has_a_short_one_elsewhere(tmp_path):
    places = Places(tmp_path / ("x" * 90))
    places.make()
    try:
        assert len(str(places.run)) < 60
        assert places.run.stat().st_mode & 0o077 == 0
    finally:
        places.run.rmdir()
