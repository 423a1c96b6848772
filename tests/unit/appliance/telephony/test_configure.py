"""What is written for the switch."""

from __future__ import annotations

import configparser
import stat
from pathlib import Path

import pytest

from appliance.domain.telephony.phones import Phone, digest_of
from appliance.settings.telephony import TelephonySettings
from appliance.telephony.configure import ari_password, configure
from appliance.telephony.places import Places
from appliance.telephony.tree import Tree
from tests.support.fake_switch import make_tree

PHONE = Phone("101", 7, digest_of("101", "secret"))


@pytest.fixture
def places(tmp_path) -> Places:
    found = Places(tmp_path / "t")
    found.make()
    make_tree(found.tree)
    return found


def write(places: Places, *phones: Phone, **settings) -> bool:
    return configure(places, Tree(places.tree), TelephonySettings(**settings), phones)


def text(places: Places, name: str) -> str:
    return (places.config / name).read_text("utf-8")


def test_every_folder_of_the_switch_is_ours(places):
    write(places)
    parser = configparser.ConfigParser(delimiters=("=>", "="), comment_prefixes=(";",))
    parser.read_string(text(places, "asterisk.conf"))
    folders = [Path(value) for value in parser["directories"].values()]
    assert len(folders) == 12
    assert all(f.is_relative_to(places.root) or f == places.run for f in folders)


def test_only_listed_modules_are_loaded_and_the_shell_is_not_among_them(places):
    write(places)
    found = text(places, "modules.conf")
    assert "autoload = no" in found
    for dangerous in ("app_system", "func_shell", "res_agi", "app_originate", "func_curl"):
        assert dangerous not in found


def test_passwords_are_for_the_owner_alone_and_a_phones_own_is_nowhere(places):
    write(places, PHONE)
    for path in [*places.config.iterdir(), places.ari_secret]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert ari_password(places) in text(places, "ari.conf")
    everything = "".join(path.read_text("utf-8") for path in places.config.iterdir())
    assert PHONE.digest in everything
    assert "secret" not in everything.replace("ari-secret", "")


def test_nothing_is_written_when_nothing_changed(places):
    assert write(places)
    assert not write(places)
    assert write(places, PHONE)


def test_without_trunks_nobody_outside_is_known(places):
    write(places, PHONE)
    assert "[trunk]" not in text(places, "pjsip.conf")
    write(places, PHONE, trunks=("203.0.113.7", "198.51.100.0/24"))
    assert "match = 203.0.113.7\nmatch = 198.51.100.0/24\n" in text(places, "pjsip.conf")


def test_when_the_appliance_is_away_the_switch_lets_every_desk_phone_ring(places):
    write(places, PHONE)
    assert "FAILED" in text(places, "extensions.conf")
    assert "member = PJSIP/101" in text(places, "queues.conf")
