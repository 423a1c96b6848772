"""The product's main loop through its front door, with real parts."""

from __future__ import annotations

import json
import socket

import pytest
import requests

from tests.support.onebox import OneBox, alive
from tests.support.waiting import until

STEPS = ["1", "2a", "2b", "3a", "3b", "4a", "4b", "4c", "4d", "5a", "5b", "5c", "5d", "6a", "6b"]


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    made = OneBox(tmp_path_factory.mktemp("story") / "var")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()


def told(output: str) -> list[str]:
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert all(line["outcome"] == "ok" for line in lines), lines
    return [line["step"] for line in lines]


def test_run_is_ready_with_a_panel_and_every_program_answers_healthz(box):
    printed = box.start()
    for name in ("APPLIANCE_PORT", "COMM_PORT", "HOME_PORT"):
        assert str(box.ports[name]) in printed
        for scheme in ("http", "https"):
            answer = requests.get(
                f"{scheme}://127.0.0.1:{box.ports[name]}/healthz",
                timeout=10,
                verify=trusted(box, name) if scheme == "https" else True,
            )
            assert answer.status_code == 200, (name, answer.text)
            assert answer.json()["status"] == "ok"
    assert printed.count("first sign-in") == 3


def trusted(box: OneBox, name: str) -> str:
    return {
        "APPLIANCE_PORT": str(box.home / "appliance" / "tls" / "server.pem"),
        "COMM_PORT": str(box.home / "comm" / "authority" / "ca.pem"),
        "HOME_PORT": str(box.home / "home" / "tls" / "ca.pem"),
    }[name]


@pytest.mark.timeout(900)
def test_the_story_holds_on_the_running_site(box):
    output = box.command("demo", "--json", timeout=600)
    assert told(output) == [*STEPS, "end"]


def test_doctor_finds_a_running_site_well(box):
    results = json.loads(box.command("doctor", "--json"))
    assert {r["name"].split(":")[0] for r in results} >= {"machine", "comm", "home", "updater"}
    assert [r for r in results if not r["ok"]] == []


def test_ctrl_c_stops_everything_and_a_second_run_continues_with_the_data(box):
    pids = box.pids()
    site = box.json("comm", "status")["site"]
    version = box.json("updater", "status")["programs"][0]["current"]["version"]
    assert box.stop() == 0
    until(lambda: not any(alive(pid) for pid in pids.values()), 10, "all to be gone")
    for port in box.ports.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, port
    box.start()
    assert box.json("comm", "status")["site"] == site
    assert box.json("updater", "status")["programs"][0]["current"]["version"] == version
    assert box.stop() == 0


@pytest.mark.timeout(900)
def test_the_story_is_told_again_on_a_site_that_is_not_running(box):
    output = box.command("demo", "--json", timeout=600)
    assert told(output) == [*STEPS, "end"]
    assert not (box.home / "run.json").exists()
