from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response

from comm_server import doctor
from comm_server.disk import ballast
from common.doctor import Result
from common.serving.certificates import ensure_self_signed
from tests.support.serving import served
from tests.support.site import TestSite
from tests.support.smtp_server import smtp_server


def results() -> dict[str, Result]:
    return {check.name.removeprefix("comm: "): check.run() for check in doctor.checks()}


def change_kit(site: TestSite, **values: Any) -> None:
    path = site.parts.folder / "kit.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | values), encoding="utf-8")


def test_another_machine_is_not_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path))
    assert list(doctor.checks()) == []


def test_a_cut_off_site_says_what_to_do(site: TestSite):
    found = results()
    assert found["site"].ok
    assert found["keys"].ok
    assert found["database"].ok
    assert not found["mail server"].ok
    assert "none is lost" in found["mail server"].advice
    assert not found["vendor"].ok
    assert "firewall" in found["vendor"].advice


@pytest.mark.parametrize("ok", [True, False])
def test_the_mail_server_is_asked_as_if_a_mail_would_follow(
    site: TestSite, tmp_path: Path, ok: bool
):
    identity = ensure_self_signed(tmp_path / ("home-tls" if ok else "other"))
    with smtp_server(identity) as server:
        mail = {"to": "in@home", "host": "localhost", "port": server.port, "security": "starttls"}
        change_kit(site, mail=mail)
        found = results()["mail server"]
        assert server.mails == []
    assert found.ok == ok
    assert ok or "not trusted" in found.found


@pytest.mark.parametrize(
    ("status", "wrong", "ok", "words"),
    [
        (404, False, True, "agree"),
        (200, False, True, "agree"),
        (500, False, False, "500"),
        (200, True, False, "clock"),
    ],
)
def test_the_vendor_is_reached_and_the_clocks_compared(
    site: TestSite,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    wrong: bool,
    ok: bool,
    words: str,
):
    flask = Flask("vendor")
    flask.add_url_rule("/acks/<name>", "acks", lambda name: Response(name, status))
    if wrong:
        site.clock.jump(site.clock.now().replace(year=2022))
        monkeypatch.setattr(doctor, "SystemClock", lambda: site.clock)
    with served(flask, tls=ensure_self_signed(tmp_path / "home-tls")) as server:
        change_kit(site, acks_url=f"https://localhost:{server.port}/acks/x.json")
        found = results()["vendor"]
    assert found.ok == ok
    assert words in found.found


def test_a_key_that_others_may_read_is_told(site: TestSite):
    (site.parts.folder / "site.key").chmod(0o644)
    found = results()["keys"]
    assert not found.ok
    assert "chmod 600" in found.advice


def test_a_broken_database_is_told(site: TestSite):
    site.parts.close()
    (site.parts.folder / "comm.db").write_bytes(b"nonsense" * 1000)
    assert not results()["database"].ok


def test_mails_that_wait_too_long_are_told(site: TestSite):
    assert results()["mails"].ok
    site.clock.jump(site.clock.now().replace(year=2020))
    site.bundle()
    found = results()["mails"]
    assert not found.ok
    assert "1 mails" in found.found


def test_a_disk_that_is_nearly_full_and_a_damaged_file_are_told(
    site: TestSite, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CALLSTEAD_COMM_DISK_BALLAST", "0")
    assert results()["disk"].ok
    monkeypatch.setenv("CALLSTEAD_COMM_DISK_BALLAST", str(2**20))
    assert "comm.disk.ballast" in results()["disk"].found
    ballast.take(site.parts.folder / "ballast", 2**20)
    assert results()["disk"].ok
    (site.parts.folder / "comm.db.damaged-20261121T090000").touch()
    assert "was damaged" in results()["disk"].found
    monkeypatch.setenv("CALLSTEAD_COMM_DISK_LEAST_FREE", str(2**60))
    assert "no reports are taken" in results()["disk"].found
