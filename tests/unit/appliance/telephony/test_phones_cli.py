"""Desk phones and numbers by command line, and what the doctor says of telephones."""

from __future__ import annotations

import json
import re
import socket

import pytest
from click.testing import CliRunner

from appliance.doctor.telephony import telephony_checks
from appliance.office import Office
from appliance.services.first_queue import first_queue
from appliance.settings import load_settings
from appliance.store.phones import SqlPhones
from appliance.telephony.tree import MARK
from common.cli import main
from common.clock import SystemClock
from common.errors import OperatorError
from tests.support.fake_switch import make_tree


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path))
    return tmp_path


def run(*words: str):
    return CliRunner().invoke(main, ["appliance", *words])


def telephony(*words: str):
    return run("telephony", *words)


def test_a_phone_is_given_its_password_once_and_only_its_proof_is_kept():
    run("user", "add", "anna", "--role", "agent")
    answer = telephony("phone", "add", "101", "--agent", "anna").output
    found = re.fullmatch(r"Password of the phone 101: (\S{16})\n", answer)
    assert found
    with Office.opened(load_settings(), SystemClock()) as office:
        (phone,) = SqlPhones(office.database).phones()
    assert found[1] not in str(phone)
    assert json.loads(telephony("phone", "list", "--json").output) == [
        {"extension": "101", "agent": "anna"}
    ]
    telephony("phone", "add", "102", "--agent", "anna")
    assert telephony("phone", "list").output.split() == ["102", "anna"]
    assert telephony("phone", "remove", "102").exit_code == 0
    assert telephony("phone", "list").output == "No phones yet.\n"


def test_a_number_leads_to_a_queue():
    with Office.opened(load_settings(), SystemClock()) as office:
        office.floor.write(first_queue)
        name = next(iter(office.floor.read(lambda work: work.queues()).values())).name
    assert telephony("number", "add", "+8610555", "--queue", name).exit_code == 0
    assert telephony("number", "list").output.split(maxsplit=1) == ["+8610555", f"{name}\n"]
    assert telephony("number", "remove", "+8610555").exit_code == 0
    assert telephony("number", "list").output == "No numbers yet.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("phone", "add", "1", "--agent", "anna"), "2 to 10 digits"),
        (("phone", "add", "101", "--agent", "nobody"), "nobody called 'nobody'"),
        (("phone", "remove", "101"), "no phone 101"),
        (("number", "add", "sip:x", "--queue", "q"), "A number has digits"),
        (("number", "add", "100", "--queue", "none"), "no queue called 'none'"),
        (("number", "remove", "100"), "not answered anyway"),
        (("run",), "telephony install"),
    ],
)
def test_what_cannot_be_done_gives_one_sentence_and_exit_2(words, sentence):
    done = telephony(*words)
    assert isinstance(done.exception, (OperatorError, SystemExit))
    assert sentence in done.output + str(done.exception)


def doctor() -> dict[str, tuple[bool, str]]:
    found = [check.run() for check in telephony_checks(load_settings())]
    return {one.name: (one.ok, f"{one.found} {one.advice}") for one in found}


def test_without_a_switch_the_doctor_says_how_to_get_one_and_finds_no_fault():
    ((name, (ok, said)),) = doctor().items()
    assert (name, ok) == ("telephony: switch", True)
    assert "telephony install" in said


def test_an_installation_that_was_cut_off_is_told(home):
    (home / "appliance" / "telephony" / "downloads").mkdir(parents=True)
    ok, said = doctor()["telephony: switch"]
    assert not ok
    assert "cut off" in said


def test_the_doctor_names_what_keeps_a_switch_from_running(home, monkeypatch):
    tree = make_tree(home / "appliance" / "telephony" / "switch")
    (tree / MARK).write_text(json.dumps({"version": "22.0.1", "installed_at": "2026-11-21T"}))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        monkeypatch.setenv("CALLSTEAD_APPLIANCE_TELEPHONY_SIP_PORT", str(port))
        monkeypatch.setenv("CALLSTEAD_APPLIANCE_TELEPHONY_HOST", "127.0.0.1")
        monkeypatch.setattr(socket, "gethostname", lambda: "no-such-name.invalid")
        (home / "appliance" / "recordings").touch()
        found = doctor()
    ok, said = found[f"telephony: UDP port {port}"]
    assert not ok
    assert "taken by another program" in said
    assert "appliance.telephony.sip_port" in said
    assert found["telephony: names"][0] is False
    assert "/etc/hosts" in found["telephony: names"][1]
    ok, said = found["telephony: running"]
    assert not ok
    assert "telephony run" in said
    ok, said = found["telephony: voice"]
    assert not ok
    assert "espeak-ng" in said
    assert "install --again" in said
    ok, said = found["telephony: recordings"]
    assert not ok
    assert f"{home / 'appliance' / 'recordings'} cannot be written to" in said
