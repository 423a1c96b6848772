"""The appliance in an updater's care, as a process: drained, and on trial behind closed doors."""

from __future__ import annotations

import json
import re
import signal

import pytest
import requests

from tests.web.appliance.test_serve import Process

TOKEN = {"Authorization": "Bearer the token"}


@pytest.fixture
def appliance(tmp_path):
    started = []

    def start(**environment):
        (tmp_path / "home").mkdir()
        made = Process(tmp_path / "home", **environment)
        started.append(made)
        made.start()
        made.wait_until_ready()
        return made

    yield start
    for made in started:
        made.end(signal.SIGTERM)


def plain(program, method, path, **options):
    """As the updater asks: plain HTTP on this computer."""
    address = f"http://127.0.0.1:{program.port}{path}"
    return requests.request(method, address, timeout=30, allow_redirects=False, **options)


def test_behind_closed_doors_only_its_health_is_told_until_the_commit(appliance, tmp_path):
    pointer = tmp_path / "current.json"
    pointer.write_text(json.dumps({"generation": 4, "trial": True}))
    program = appliance(CALLSTEAD_CLOSED_DOORS=f"4:{pointer}")
    assert plain(program, "GET", "/healthz").json()["status"] == "ok"
    page = program.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "2"
    assert "One moment" in page.text
    assert "请稍候" in page.content.decode()
    answer = program.get("/api/v1/status")
    assert (answer.status_code, answer.json()["error"]) == (503, "moment")
    pointer.write_text(json.dumps({"generation": 4, "trial": False}))
    assert "Callstead" in program.get("/sign-in", headers={"Accept": "text/html"}).text
    pointer.write_text(json.dumps({"generation": 5, "trial": True}))
    assert program.get("/api/v1/status").status_code != 503


def test_only_its_updater_drains_it_and_asks_whether_it_may_be_restarted(appliance, tmp_path):
    program = appliance(
        CALLSTEAD_PROGRAM="appliance",
        CALLSTEAD_PROGRAM_TOKEN="the token",
        CALLSTEAD_PROGRAM_DATA=str(tmp_path / "home" / "appliance"),
    )
    assert (tmp_path / "home" / "appliance" / "appliance.db").exists()
    free = plain(program, "GET", "/may-restart", headers=TOKEN)
    assert free.json() == {"may_restart": True, "reason": ""}
    drain = {"drain": True, "seconds": 60}
    assert plain(program, "POST", "/drain", json=drain, headers=TOKEN).json() == {"draining": True}
    assert plain(program, "POST", "/drain", json={"drain": 1}, headers=TOKEN).status_code == 400
    assert plain(program, "PUT", "/drain", json=drain, headers=TOKEN).status_code == 405
    for path in ("/may-restart", "/drain"):
        assert re.match("https://", plain(program, "GET", path).headers["Location"])
    assert plain(program, "POST", "/drain", json=drain).status_code == 403
