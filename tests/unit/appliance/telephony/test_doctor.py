"""What the doctor says of a switch that runs and still does not do what it is for."""

from __future__ import annotations

import os
import shutil
import socket
from contextlib import ExitStack

import pytest

from appliance.doctor.telephony import telephony_checks
from appliance.domain.telephony.trunks import Registration
from appliance.settings import load_settings
from appliance.telephony import facts
from appliance.telephony.ports import VoicePorts, lacking, ports_of, voice_ports
from common.clock import SystemClock
from common.locks import exclusive


def doctor() -> dict[str, tuple[bool, str]]:
    found = [check.run() for check in telephony_checks(load_settings())]
    return {one.name: (one.ok, f"{one.found} {one.advice}") for one in found}


def test_a_switch_that_runs_and_listens_nowhere_is_told_with_the_ports(places):
    ok, said = doctor()["telephony: ports"]
    assert not ok
    assert f"TCP port {load_settings().telephony.ari_port}" in said


def test_a_program_has_the_ports_that_it_listens_at(setting):
    telephony = load_settings().telephony
    ports = ports_of(telephony)
    with ExitStack() as stack:
        for one in ports:
            held = stack.enter_context(socket.socket(socket.AF_INET, one.kind))
            held.bind((one.host, one.number))
            if one.kind is socket.SOCK_STREAM:
                held.listen()
        assert lacking(os.getpid(), telephony) == []
        assert all("taken by another program" in one.taken() for one in ports)
    assert lacking(os.getpid(), telephony) == ports
    assert [one.taken() for one in ports] == ["", "", ""]


def test_a_switch_that_no_appliance_follows_is_told_and_a_silent_one_is_asked_no_more(places):
    assert doctor()["telephony: appliance"] == (True, "a process of it takes the calls ")
    (places.run / "alone").touch()
    ok, said = doctor()["telephony: appliance"]
    assert not ok
    assert "without menu, queue or recording" in said
    (places.run / "silent").touch()
    found = doctor()
    assert not found["telephony: running"][0]
    assert "telephony: appliance" not in found
    assert "telephony: trunk city" not in found


def test_a_switch_that_nobody_looks_after_is_told(places):
    ok, said = doctor()["telephony: looked after"]
    assert not ok
    assert "would not be started again" in said
    with exclusive(places.run_lock, busy="", wait=0, clock=SystemClock()):
        assert doctor()["telephony: looked after"][0]


def test_voice_ports_that_others_have_are_told_before_calls_are_without(setting):
    first = 28000
    setting(rtp_first=first, rtp_last=first + 19)
    telephony = load_settings().telephony
    with ExitStack() as stack:
        for port in range(first, first + 16):
            held = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            held.bind(("127.0.0.1", port))
        assert voice_ports(telephony, os.getpid()) == VoicePorts(free=4, calls=16, others=0)
        now = voice_ports(telephony, None)
        assert (now, now.scarce) == (VoicePorts(free=4, calls=0, others=16), False)
        held = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        held.bind(("127.0.0.1", first + 16))
        assert voice_ports(telephony, None).scarce


def test_a_folder_of_recordings_that_is_gone_and_a_disk_that_is_full_are_told(places, monkeypatch):
    shutil.rmtree(places.recorded("x").parent)
    ok, said = doctor()["telephony: recordings"]
    assert not ok
    assert "folder" in said
    assert "is gone" in said
    places.make()
    assert doctor()["telephony: recordings"][0]
    usage = shutil.disk_usage(places.root)._replace(free=110 * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    ok, said = doctor()["telephony: recordings"]
    assert not ok
    assert "110 MiB free, which is 2.0 hours of talk" in said


def test_by_which_ways_calls_come_and_go_is_told(places, setting, monkeypatch):
    told = {"city": Registration.REFUSED}  # by the switch, of a name that leads nowhere
    monkeypatch.setattr(facts, "registrations", lambda _console, _names: dict(told))
    found = doctor()
    assert "number add" in found["telephony: numbers"][1]
    assert not found["telephony: numbers"][0]
    assert found["telephony: trunks"] == (True, "127.0.0.2, city ")
    setting(trunks="127.0.0.3")
    ok, said = doctor()["telephony: trunks"]
    assert not ok
    assert "other trunks than the settings: 127.0.0.2" in said


def test_the_name_of_a_trunks_machine_is_asked_for_once_and_told_with_the_reason(
    places, monkeypatch
):
    told = {"city": Registration.REFUSED}  # by the switch, of a name that leads nowhere
    monkeypatch.setattr(facts, "registrations", lambda _console, _names: dict(told))
    asked: list[str] = []
    monkeypatch.setattr(facts, "nowhere", lambda host: asked.append(host) or "nobody knows it")
    ok, said = doctor()["telephony: trunk city"]
    assert not ok
    assert "sip.example.invalid is not known by this name (nobody knows it)" in said
    assert asked == ["sip.example.invalid"]


@pytest.mark.parametrize(
    ("settings", "ok", "words"),
    [
        ({"outbound": "nobody.invalid:5060", "allowed_prefixes": "*"}, False, "no machine either"),
        ({"outbound": "city"}, False, "allowed_prefixes"),
        ({"outbound": "[::1]:5070", "allowed_prefixes": "+86"}, True, "begin with +86"),
        ({"outbound": "127.0.0.2:5070", "allowed_prefixes": "+86"}, True, "over 127.0.0.2:5070"),
    ],
)
def test_a_way_out_that_leads_nowhere_or_takes_no_number_is_told(
    places, setting, settings, ok, words
):
    setting(**settings)
    found, said = doctor()["telephony: calls out"]
    assert (found, words in said) == (ok, True)
