"""Trunks that we register with: kept sealed, written for the switch, told in words."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from appliance.doctor.telephony import telephony_checks
from appliance.domain.running import Status, trunks_part
from appliance.domain.telephony.phones import Phone
from appliance.domain.telephony.trunks import Registration, Trunk, TrunkError
from appliance.office import Office
from appliance.settings import load_settings
from appliance.settings.telephony import TelephonySettings
from appliance.store.trunks import SqlTrunks, TrunkRow
from appliance.telephony.configure import configure, way_out
from appliance.telephony.places import Places
from appliance.telephony.registrations import configured_trunks, registrations
from appliance.telephony.tree import MARK, Tree
from common.cli import main
from common.clock import SystemClock
from tests.support.fake_switch import make_tree

PASSWORD = "b7-secret!"
TRUNK = Trunk("city", "sip.example.org", "0105550100", PASSWORD, "0105550100")
TOLD = """
 <Registration/ServerURI..............................>  <Auth....................>  <Status.......>
==========================================================================================

 trunk-city/sip:sip.example.org                          trunk-city                  {}

Objects found: 1
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path))
    return tmp_path


def trunk(*words: str, password: str = PASSWORD):
    asked = f"{password}\n" if words[0] == "add" else None
    return CliRunner().invoke(main, ["appliance", "telephony", "trunk", *words], input=asked)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "City"}, {"name": "a b"}, {"server": "sip.example.org\n[x]"}, {"server": ""},
        {"user": "a;b"}, {"user": "x y"}, {"password": "a;b"}, {"password": "a\nb"},
        {"password": ""}, {"number": "abc"},
    ],
)  # fmt: skip
def test_what_would_write_more_than_its_line_is_refused(wrong):
    with pytest.raises(TrunkError):
        replace(TRUNK, **wrong)


def test_a_password_is_asked_for_sealed_and_shown_to_nobody(home):
    words = ("--server", TRUNK.server, "--user", TRUNK.user)
    answer = trunk("add", "city", *words)
    assert answer.exit_code == 0, answer.output
    assert PASSWORD not in answer.output
    with Office.opened(load_settings(), SystemClock()) as office:
        kept = SqlTrunks(office.database, office.vault)
        assert kept.all() == [TRUNK]
        with office.database.read() as session:
            row = session.get(TrunkRow, "city")
            assert PASSWORD not in row.secret
    assert json.loads(trunk("list", "--json").output) == [
        {"name": "city", "server": TRUNK.server, "user": TRUNK.user, "number": TRUNK.user,
         "state": "unknown"}
    ]  # fmt: skip
    assert trunk("remove", "city").exit_code == 0
    assert trunk("remove", "city").exit_code != 0


def test_the_switch_registers_knows_the_providers_calls_by_the_line_and_calls_out_by_it(tmp_path):
    places = Places(tmp_path / "t")
    places.make()
    make_tree(places.tree)
    settings = TelephonySettings(outbound="city")
    configure(places, Tree(places.tree), settings, [Phone("101", 1, "d" * 32)], [TRUNK])
    text = (places.config / "pjsip.conf").read_text("utf-8")
    assert "server_uri = sip:sip.example.org" in text
    assert "line = yes\n" in text
    assert text.count("type = identify") == 0
    assert configured_trunks(places) == ["city"]
    assert way_out(settings, "010", ["city"]) == "PJSIP/010@trunk-city"
    assert way_out(settings, "010", []) == "PJSIP/trunk/sip:010@city"


class Console:
    def __init__(self, told: str) -> None:
        self._told = told

    def ask(self, _command: str) -> str:
        return self._told


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (TOLD.format("Registered        (exp. 3595s)"), Registration.REGISTERED),
        (TOLD.format("Rejected          (exp. 295s)"), Registration.REFUSED),
        (TOLD.format("Unregistered"), Registration.SILENT),
        ("No objects found.", Registration.UNKNOWN),
        ("", Registration.UNKNOWN),
    ],
)
def test_the_switchs_word_becomes_ours(told, state):
    assert registrations(Console(told), ["city"]) == {"city": state}


@pytest.mark.parametrize(
    ("stands", "found"),
    [
        ({}, []),
        ({"a": Registration.REGISTERED}, [(Status.WORKS, "found", None)]),
        (
            {"a": Registration.SILENT, "b": Registration.REFUSED, "c": Registration.REFUSED},
            [(Status.FAILED, "refused", "b, c")],
        ),
        ({"a": Registration.UNKNOWN}, [(Status.FAILED, "unknown", "a")]),
    ],
)
def test_the_status_page_names_what_does_not_stand(stands, found):
    parts = trunks_part(stands)
    assert [(one.status, one.finding, one.facts.get("names")) for one in parts] == found


def test_the_doctor_says_what_to_do_about_a_trunk(home):
    places = Places(load_settings().telephony_folder)
    places.make()
    (make_tree(places.tree) / MARK).write_text(
        json.dumps({"version": "22", "installed_at": "2026-11-21T10:00:00"})
    )
    configure(places, Tree(places.tree), TelephonySettings(), [], [TRUNK])
    checks = {one.name: one for one in telephony_checks(load_settings())}
    result = checks["telephony: trunk city"].run()
    assert (result.ok, "not registered" in result.found) == (False, True)
