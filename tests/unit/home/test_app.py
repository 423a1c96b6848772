"""A whole home, served for real: mail in by SMTP, its answer out by HTTPS; and its commands."""

from __future__ import annotations

import json
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from structlog.testing import capture_logs

from common.errors import OperatorError
from common.wire.signing import b64, public_text, unb64, verify
from home import doctor
from home.app import Parts, create_parts, create_server
from home.cli import group
from home.inbox.settings import InboxSettings, MailServerSettings
from home.publish.room import initialise
from home.settings import HomeSettings
from tests.support.clock import FakeClock
from tests.support.vendor import CRASH
from tests.support.waiting import until
from tests.support.wired_home import WiredVendor


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def settings(tmp_path: Path) -> HomeSettings:
    made = replace(
        HomeSettings(),
        data_dir=str(tmp_path / "home"),
        host="127.0.0.1",
        port=free_port(),
        mail=MailServerSettings(host="127.0.0.1", port=free_port()),
        inbox=InboxSettings(every=0.2),
    )
    initialise(made, FakeClock())
    return made


@pytest.fixture
def parts(settings: HomeSettings) -> Iterator[Parts]:
    made = create_parts(lambda: settings, clock=FakeClock())
    yield made
    made.close()


@contextmanager
def serving(parts: Parts) -> Iterator[None]:
    server = create_server(parts)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert server.ready.wait(30)
        yield
    finally:
        server.stop()
        thread.join(30)
        assert not thread.is_alive()


def test_a_mail_comes_in_and_its_acknowledgement_goes_out(parts: Parts, tmp_path: Path) -> None:
    vendor = WiredVendor(parts, FakeClock())
    site = vendor.add_site()
    kit = parts.kits()
    ca = tmp_path / "ca.pem"
    ca.write_text(kit.ca)
    with serving(parts):
        with smtplib.SMTP(kit.mail["host"], kit.mail["port"], timeout=10) as client:
            client.starttls(context=ssl.create_default_context(cafile=str(ca)))
            client.sendmail("site@north.example", [kit.mail["to"]], site.mail(problems=[CRASH]))

        def answer() -> object:
            got = requests.get(f"{kit.web}/acks/{site.id}.json", verify=str(ca), timeout=10)
            return got.json() if got.status_code == 200 else None

        signed = until(answer, 20, "the acknowledgement")
        assert verify(signed, b64(kit.ack_key))["acknowledged"][0]["sha256"] == site.previous
        health = requests.get(f"{kit.web.replace('https', 'http')}/healthz", timeout=10)
        assert health.json()["checks"] == {"database": "ok", "publication": "ok"}
    assert parts.store.value("SELECT title FROM problems") == CRASH["title"]


def test_a_taken_mail_port_is_one_sentence_and_gives_everything_back(parts: Parts) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", parts.settings.current.mail.port))
        other.listen()
        with pytest.raises(OperatorError, match=r"home\.mail\.port"):
            create_server(parts).run()
    with serving(parts):
        pass


def test_an_acknowledgement_lost_by_a_kill_is_written_at_the_next_start(parts: Parts) -> None:
    vendor = WiredVendor(parts, FakeClock())
    site = vendor.add_site()
    vendor.receive(site.mail())
    path = parts.folder / "acks" / f"{site.id}.json"
    path.unlink()
    with serving(parts):
        assert path.exists()


def test_before_init_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="callstead home init"):
        create_parts(lambda: replace(HomeSettings(), data_dir=str(tmp_path / "none")))


def test_commands_for_sites_and_sticks(
    settings: HomeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path))
    monkeypatch.setattr("home.inbox_cli.set_up", lambda *_: None)

    def run(*arguments: str) -> Any:
        with capture_logs():  # the commands' own set-up would outlast this test
            done = CliRunner().invoke(group, [*arguments, "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    made = run("site", "add", "North", "--out", str(tmp_path / "kit.json"))
    kit = json.loads((tmp_path / "kit.json").read_text())
    assert (kit["site"], kit["name"]) == (made["site"], "North")
    assert kit["releases_url"] == "https://127.0.0.1:8070/releases"
    assert unb64(kit["root"]) == (tmp_path / "home/publication/metadata/1.root.json").read_bytes()

    parts = create_parts(clock=FakeClock())
    try:
        vendor = WiredVendor(parts, FakeClock())
        site = vendor.add_site("South")
        stick = tmp_path / "stick"
        stick.mkdir()
        (stick / "bundle-000001.csb").write_bytes(site.seal(site.bundle(problems=[CRASH])))
        (stick / "bundle-000002.eml").write_bytes(site.mail())
        (stick / "bundle-000003.csb").write_bytes(b"junk")
        (stick / "holiday.jpg").write_bytes(b"no bundle")
    finally:
        parts.close()
    outcomes = run("inbox", "import", str(stick))
    assert [(o["what"], o["sequence"]) for o in outcomes] == [
        ("stored", 1),
        ("stored", 2),
        ("refused", 0),
    ]
    signed = json.loads((stick / "acks" / f"{site.id}.json").read_text())
    said = verify(signed, public_text(vendor.ack_key))
    assert [entry["sequence"] for entry in said["acknowledged"]] == [1, 2]
    again = run("inbox", "import", str(stick))
    assert [o["what"] for o in again] == ["duplicate", "duplicate", "refused"]

    (tmp_path / "home/Maildir/new/x").write_bytes(b"Subject: x\r\n\r\n")
    (read,) = run("inbox", "read")
    assert read["what"] == "refused"
    (retried,) = run("inbox", "retry")
    assert retried["what"] == "refused"
    sites = run("site", "list")
    assert [(s["name"], s["bundles"]) for s in sites] == [("North", 0), ("South", 2)]


def test_doctor_says_what_is_wrong_with_keys_and_mail(settings: HomeSettings) -> None:
    assert doctor.keys_check(settings).ok
    assert doctor.mail_check(settings).ok
    assert doctor.publication_check(settings).ok
    key = settings.folder / "keys" / "online" / "ack.pem"
    key.chmod(0o644)
    found = doctor.keys_check(settings)
    assert (found.ok, found.advice) == (False, f"chmod 600 {key}")
    key.unlink()
    assert "cannot be read" in doctor.keys_check(settings).found
