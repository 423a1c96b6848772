"""What `callstead updater` and `callstead doctor` say, run in this process."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from common.cli import main
from common.clock import SystemClock
from tests.support.repository_simulator import manifest_of, pack_of
from tests.support.site_simulator import SiteSimulator
from updater import build, doctor
from updater.app import open_journal
from updater.journal import Release
from updater.paths import DataFolder


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    with SiteSimulator(folder / "ca", folder).served() as running:
        yield running


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path))
    return DataFolder(tmp_path / "updater")


@pytest.fixture
def joined(site, folder, tmp_path):
    root = tmp_path / "root.json"
    root.write_text('{"signed": {"_type": "root"}}')
    run("join", site.address, site.code, "--root", str(root), "--name", "seat-1")
    return folder


def run(*arguments, expect=0):
    done = CliRunner().invoke(main, ["updater", *arguments])
    assert done.exit_code == expect, done.output
    return done.output


def told(*arguments, expect=0):
    return json.loads(run(*arguments, "--json", expect=expect))


def install(folder, version="1.0.0"):
    """A release in the database and on the disk, without the way that led there."""
    files = {"run": version.encode()}
    manifest = manifest_of("companion", version, files)
    place = folder.program("companion")
    place.root.mkdir(parents=True, exist_ok=True)
    (folder.root / "pack").write_bytes(pack_of(files))
    build.build(folder.root / "pack", manifest, place.slots)
    journal = open_journal(folder, SystemClock())
    try:
        journal.take_over(journal.program("companion"), Release(manifest.version, manifest.digest))
    finally:
        journal.close()
    return place.slots / manifest.digest


@pytest.mark.parametrize(
    "command",
    [("status",), ("history",), ("verify",), ("check",), ("serve",), ("apply", "companion"),
     ("adopt", "companion", "--port", "1"), ("rollback", "companion"), ("plan",),
     ("hold", "companion", "--end")],
)  # fmt: skip
def test_before_joining_every_command_says_how_to_join(folder, command):
    assert "This computer has not joined a site" in run(*command, expect=2)


def test_a_program_is_adopted_listed_and_moved(joined):
    assert told("status")["programs"] == []
    told("adopt", "companion", "--port", "9001")
    assert told("adopt", "companion", "--channel", "test", "--port", "9002")["port"] == 9002
    status = told("status")
    (program,) = status["programs"]
    assert (program["channel"], program["port"], program["state"]) == ("test", 9002, "idle")
    assert status["site"] == "North"
    assert not status["serving"]
    assert "companion nothing installed [idle], channel test, port 9002" in run("status")


def test_what_cannot_be_adopted_is_told(joined):
    assert "is not a product's name" in run("adopt", "../evil", "--port", "1", expect=2)
    run("adopt", "companion", "--port", "9001")
    assert "belongs to companion already" in run("adopt", "phone", "--port", "9001", expect=2)
    run("adopt", "phone", "--port", "0", expect=2)


def test_a_program_that_ran_here_before_keeps_its_data_where_they_are(joined, tmp_path):
    run("adopt", "comm", "--port", "9001", "--data", str(tmp_path))
    run("adopt", "comm", "--port", "9002")
    run("adopt", "comm", "--port", "9003", "--data", str(tmp_path))
    other = tmp_path / "other"
    assert "does not exist" in run(
        "adopt", "comm", "--port", "9003", "--data", str(other), expect=2
    )
    other.mkdir()
    told = run("adopt", "comm", "--port", "9003", "--data", str(other), expect=2)
    assert "its data stay where they are" in told


@pytest.mark.parametrize("command", ["apply", "rollback", "check", "plan"])
def test_an_unknown_product_is_told(joined, command):
    assert "'phone' is not looked after here" in run(command, "phone", expect=2)


def test_verify_names_what_was_changed_and_fails(joined):
    run("adopt", "companion", "--port", "9001")
    slot = install(joined)
    assert run("verify") == "companion 1.0.0: as it was signed.\n"
    (slot / "run").chmod(0o755)
    (slot / "run").write_text("evil!")
    assert told("verify", expect=1)[0]["findings"] == ["run has the mode 755."]
    (slot / "run").chmod(0o555)
    assert run("verify", expect=1) == "companion 1.0.0: run was changed.\n"


def test_a_postponement_is_given_shown_and_ended(joined):
    run("adopt", "companion", "--port", "9001")
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat(timespec="minutes")
    assert run("hold", "companion", "--until", until) == f"companion is postponed until {until}.\n"
    (program,) = told("status")["programs"]
    assert program["held_until"].startswith(until[:16])
    assert told("hold", "companion", "--end") == {"product": "companion", "until": None}
    (program,) = told("status")["programs"]
    assert program["held_until"] is None
    assert "in the next 31 days" in run("hold", "companion", "--until", "2199-01-01", expect=2)
    assert "Write it like" in run("hold", "companion", "--until", "soon", expect=2)
    for wrong in ((), ("--until", until, "--end")):
        assert "Say until when" in run("hold", "companion", *wrong, expect=2)
    assert "'phone' is not looked after here" in run("hold", "phone", "--end", expect=2)


def test_a_window_that_cannot_be_understood_stops_every_command(joined, monkeypatch):
    monkeypatch.setenv("CALLSTEAD_UPDATER_WINDOW_CRON", "0 22 * * someday")
    assert "is no weekday" in run("status", expect=2)


def test_the_updater_itself_needs_no_port(joined):
    assert run("adopt", "updater") == "updater is looked after from now on (channel stable).\n"
    assert "with --port" in run("adopt", "phone", expect=2)


def test_history_tells_every_line_in_order(joined):
    run("adopt", "companion", "--port", "9001")
    run("adopt", "companion", "--port", "9002")
    notes = [line["note"] for line in told("history", "companion")]
    assert notes == ["channel stable, port 9001", "channel stable, port 9002"]
    assert len(told("history", "--limit", "1")) == 1
    assert told("history", "phone") == []


def results(folder):
    return {check.name: check.run() for check in doctor.checks()}


def test_doctor_is_silent_where_no_updater_is_used(folder):
    assert [(r.name, r.ok) for r in results(folder).values()] == [("updater: joined", True)]
    folder.root.mkdir()
    assert not results(folder)["updater: joined"].ok


def test_doctor_finds_a_stopped_updater_a_stopped_program_and_a_changed_slot(joined):
    run("adopt", "companion", "--port", "9001")
    found = results(joined)
    assert found["updater: certificate"].ok
    assert found["updater: communications server"].ok
    assert found["updater: receipts"].ok
    assert not found["updater: running"].ok
    assert found["updater: companion"].found.startswith("nothing is installed yet")
    slot = install(joined)
    assert results(joined)["updater: companion"].found == "1.0.0 does not run"
    (slot / "run").chmod(0o755)
    found = results(joined)["updater: companion"]
    assert not found.ok
    assert "is not as it was signed" in found.found
    assert all(result.ok or result.advice for result in results(joined).values())


def test_doctor_tells_that_the_server_is_away(joined, site):
    site.faults["/healthz"] = (503, "network", "Not now.")
    try:
        assert "Not now." in results(joined)["updater: communications server"].found
    finally:
        site.faults.clear()
