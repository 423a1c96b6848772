"""The updater updates itself: real processes, its own launcher, a new self that must prove it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from common.clock import SystemClock
from common.wire.release import Data
from tests.support.site_simulator import SiteSimulator
from tests.support.tiny_releases import CRASHES, PRODUCT, WELL, TinyVendor
from tests.support.updater_client import ROOT, Client, until
from updater.launcher import kernel_start, read_pointer
from updater.paths import SELF
from updater.rehearsal import RehearsalHealth, rehearse
from updater.running import Running, read_running

# A release of the updater: this checkout, under a number of its own.
SELF_AGAIN = f"""#!/bin/sh
echo "updater $CALLSTEAD_RELEASE serves"
exec {sys.executable} -m common updater serve
"""
# One that runs, joins and answers, but whose builder is broken.
CANNOT_BUILD = f"""#!/bin/sh
exec {sys.executable} -c "
import updater.build
def build(*_a, **_k): raise OSError(5, 'the new self cannot build')
updater.build.build = build
import sys; sys.argv = ['callstead', 'updater', 'serve']
from common.cli import main; main()"
"""


@pytest.fixture
def vendor(tmp_path):
    return TinyVendor(tmp_path / "vendor")


@pytest.fixture
def site(tmp_path, vendor):
    with SiteSimulator(tmp_path / "ca", vendor.publication).served() as running:
        yield running


@pytest.fixture
def client(tmp_path, site, vendor):
    made = Client(tmp_path / "client")
    made.home.mkdir()
    made.env["PYTHONPATH"] = str(ROOT)
    made.call("join", site.address, site.code, "--root", str(vendor.root), "--name", "seat-1")
    yield made
    if running := read_running(made.folder / "programs" / SELF):
        if made.updater.poll() is None:
            made.updater.kill()  # the launcher first, or it starts another one
            made.updater.wait()
        os.killpg(running.pid, signal.SIGKILL)
    made.clean_up()


def own(client):
    return read_running(client.folder / "programs" / SELF)


def ship_self(vendor, site, version, script, within=60.0, **rules):
    made = vendor.ship(version, script, product=SELF, path="", within=within, **rules)
    site.announce(SELF, version)
    return made


def test_from_the_installed_one_to_a_slot_and_back_from_selves_that_cannot(client, site, vendor):
    vendor.ship("1.0.0", WELL)
    client.call("adopt", PRODUCT, "--port", str(client.port))
    client.call("adopt", SELF)
    client.serve()
    first = client.updater.pid
    until(lambda: (PRODUCT, "1.0.0") in committed(site), "the program")
    program = read_running(client.place)

    # A first self that crashes: nothing is before it, so the installed one comes back.
    ship_self(vendor, site, "0.9.0", CRASHES)
    until(lambda: ("rolled_back", "0.9.0") in site.outcomes(), "the way back to the installed one")
    until(lambda: "updater serve" in words_of(first), "the installed updater")

    made = ship_self(vendor, site, "1.0.0", SELF_AGAIN)
    until(lambda: (SELF, "1.0.0") in committed(site), "the new self")
    assert client.updater.poll() is None
    assert "updater.launcher" in words_of(first), "the same process, as systemd knows it"
    assert own(client).slot == made.digest
    assert not (client.folder / "rehearsal").exists()

    # It works: the next release of the program comes through it.
    vendor.ship("1.1.0", WELL)
    site.announce(PRODUCT, "1.1.0")
    until(lambda: (PRODUCT, "1.1.0") in committed(site), "an update by the new self")
    assert kernel_start(program.pid) is None
    program = read_running(client.place)

    # One that runs, and yet cannot update anything, is not kept; it has touched no program.
    ship_self(vendor, site, "1.1.0", CANNOT_BUILD, within=3.0)
    until(lambda: ("rolled_back", "1.1.0") in outcomes_of_self(site), "the old self")
    assert "could not install a dummy program" in site.receipts[-1]["reason"]
    until(lambda: own(client) and own(client).slot == made.digest, "the old self")
    assert read_running(client.place) == program, "the program was cut for it"
    assert client.told("status")["programs"][1]["current"]["version"] == "1.0.0"

    # With a database that the one before could not read: behind closed doors, and committed.
    data = Data(schema=2, readable_by="1.2.0", databases=("updater.db",))
    last = ship_self(vendor, site, "1.2.0", SELF_AGAIN, data=data)
    until(lambda: (SELF, "1.2.0") in committed(site), "the newest self")
    until(lambda: own(client) and own(client).slot == last.digest, "it")
    snapshots = list((client.folder / "programs" / SELF / "snapshots").glob("*/updater.db"))
    assert len(snapshots) == 1

    log = client.folder / "programs" / SELF / "log" / "program.log"
    client.updater.send_signal(signal.SIGHUP)
    until(
        lambda: "settings.reloaded" in log.read_text(), "the settings, read again by the new self"
    )
    client.updater.send_signal(signal.SIGTERM)
    assert client.updater.wait(60) == 0
    assert own(client) is None
    assert read_running(client.place) == program, "programs outlive the updater"
    again = client.told("verify")
    assert [one["findings"] for one in again if one["findings"]] == []


def committed(site):
    return [(r["product"], r["version"]) for r in site.receipts if r["outcome"] == "committed"]


def outcomes_of_self(site):
    return [(r["outcome"], r["version"]) for r in site.receipts if r["product"] == SELF]


def words_of(pid):
    return " ".join(psutil.Process(pid).cmdline())


def test_a_new_self_killed_while_it_proves_itself_proves_itself_again(client, site, vendor):
    client.call("adopt", SELF)
    ship_self(vendor, site, "1.0.0", SELF_AGAIN)
    client.serve()
    until((client.folder / "rehearsal").exists, "the rehearsal")
    os.kill(own(client).pid, signal.SIGKILL)
    until(lambda: (SELF, "1.0.0") in committed(site), "the new self, after its second start")
    pointer = read_pointer(client.folder / "programs" / SELF)
    assert pointer.trial is False
    assert not (client.folder / "rehearsal").exists()


def test_it_cannot_be_applied_or_rolled_back_while_it_does_not_run(client, vendor):
    client.call("adopt", SELF)
    vendor.ship("1.0.0", SELF_AGAIN, product=SELF, path="")
    assert "updates itself while it runs" in client.call("apply", SELF, expect=2)
    assert "with --port" in client.call("adopt", "phone", expect=2)


def test_the_rehearsal_goes_the_whole_way_and_leaves_nothing(tmp_path):
    rehearse(tmp_path / "rehearsal", SystemClock())
    assert list(tmp_path.iterdir()) == []
    leftover = [
        p.info["cmdline"]
        for p in psutil.process_iter(["cmdline"])
        if str(tmp_path) in " ".join(p.info["cmdline"] or [])
    ]
    assert leftover == []


def test_whatever_breaks_the_rehearsal_is_a_problem_in_a_sentence(tmp_path, monkeypatch):
    me = Running(os.getpid(), 1, "slot", "2026-11-21T09:00:00.000Z")
    health = RehearsalHealth(tmp_path, SystemClock())

    def broken(*_args: object) -> None:
        raise RuntimeError("a library is missing")

    with monkeypatch.context() as patch:
        patch.setattr("updater.build.read_pack", broken)
        assert "a library is missing" in health.problem(me)
    assert health.problem(me) == ""
    monkeypatch.setattr("updater.rehearsal.rehearse", broken)
    assert health.problem(me) == "", "once for each process"


def test_the_hidden_command_of_a_packed_updater_is_the_launcher(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "common", "updater", "launch", str(Path(file) / "program")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("The launcher cannot work in ")
