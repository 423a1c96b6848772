"""The whole updater as its user runs it: real processes, a real launcher, real TLS, a real TUF
repository made by home's own code; only the communications server is pretended."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.support.site_simulator import SiteSimulator
from tests.support.tiny_releases import CRASHES, DEAF, PRODUCT, WELL, TinyVendor
from tests.support.updater_client import Client, until
from updater.launcher import kernel_start, read_json
from updater.lock import is_held
from updater.running import read_running


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
    made.call("join", site.address, site.code, "--root", str(vendor.root), "--name", "seat-1")
    yield made
    made.clean_up()


def test_from_joining_to_going_back(client, site, vendor):
    first = vendor.ship("1.0.0", WELL)
    client.serve()
    client.call("adopt", PRODUCT, "--port", str(client.port))

    until(lambda: ("committed", "1.0.0") in site.outcomes(), "the first release")
    assert client.healthy()
    assert client.slot() == first.digest
    assert "companion@1.0.0 on" in client.log
    assert "for seat-1" in client.log

    second = vendor.ship("1.1.0", WELL)
    site.announce(PRODUCT, "1.1.0")
    until(lambda: ("committed", "1.1.0") in site.outcomes(), "an update by a hint")
    assert client.healthy()
    assert client.slot() == second.digest
    program = until(lambda: client.slot() and read_running(client.place), "the process")

    # A release that cannot start: the launcher gives it up.
    vendor.ship("1.2.0", CRASHES)
    site.announce(PRODUCT, "1.2.0")
    until(lambda: ("rolled_back", "1.2.0") in site.outcomes(), "the launcher's roll-back")
    until(client.healthy, "the old release")
    assert client.slot() == second.digest
    receipt = site.receipts[-1]
    assert "ended with exit status 3" in receipt["reason"]
    assert any("this release cannot start" in line for line in receipt["log_tail"])
    assert client.log.rstrip().splitlines()
    assert kernel_start(program.pid) is None

    # A release that lives, but is never healthy: the updater gives it up.
    vendor.ship("1.3.0", DEAF, within=1.0)
    site.announce(PRODUCT, "1.3.0")
    until(lambda: ("rolled_back", "1.3.0") in site.outcomes(), "the updater's roll-back")
    until(client.healthy, "the old release")
    assert "It was not healthy within 1 s" in site.receipts[-1]["reason"]
    assert any("listening to nobody" in line for line in site.receipts[-1]["log_tail"])
    assert client.log.count("companion@1.1.0 on") == 3
    assert "companion@1.3.0" not in client.log.split("listening to nobody")[-1]

    # An administrator's order, carried out by the updater that runs.
    told = client.told("rollback", PRODUCT)
    assert (told["from"], told["version"]) == ("1.1.0", "1.0.0")
    until(lambda: client.slot() == first.digest and client.healthy(), "the first release")
    until(lambda: ("rolled_back", "1.1.0") in site.outcomes(), "the receipt of the order")

    status = client.told("status")
    assert status["serving"]
    (one,) = status["programs"]
    assert (one["state"], one["current"]["version"]) == ("idle", "1.0.0")
    assert one["launcher"]
    assert one["running"]["slot"] == first.digest
    assert site.vitals[-1]["programs"][0]["product"] == PRODUCT
    assert client.told("verify")[0]["findings"] == []
    assert "committed" in client.call("history", PRODUCT)


def test_the_program_outlives_the_updater_and_a_killed_update_is_ended(client, site, vendor):
    first = vendor.ship("1.0.0", WELL)
    client.call("adopt", PRODUCT, "--port", str(client.port))
    client.serve()
    until(lambda: ("committed", "1.0.0") in site.outcomes(), "the first release")
    before = read_running(client.place)
    assert client.end(signal.SIGKILL) == -signal.SIGKILL
    assert client.healthy()

    second = vendor.ship("1.1.0", WELL)
    client.serve()
    assert read_running(client.place) in {before, None} or client.slot() == second.digest
    until(lambda: client.slot() == second.digest, "the switch")
    client.end(signal.SIGKILL)
    client.serve(CALLSTEAD_UPDATER_STOP_PROGRAMS_ON_EXIT="true")
    until(lambda: ("committed", "1.1.0") in site.outcomes(), "the end of the killed update")
    assert client.healthy()
    pointer = read_json(client.place / "current.json")
    assert (pointer["slot"], pointer["trial"]) == (second.digest, False)
    assert pointer["previous"] == first.digest

    program = read_running(client.place)
    assert client.end() == 0
    assert kernel_start(program.pid) is None
    assert not is_held(client.place / "launcher.lock")


def test_without_a_running_updater_the_commands_do_it(client, site, vendor):
    vendor.ship("1.0.0", WELL)
    assert "has not joined" not in client.call("status")
    client.call("adopt", PRODUCT, "--port", str(client.port))
    assert client.told("check")[0]["available"] == "1.0.0"
    told = client.told("apply", PRODUCT)
    assert (told["state"], told["from"], told["version"]) == ("idle", None, "1.0.0")
    assert client.healthy()
    assert client.told("apply", PRODUCT)["reason"].endswith("there is nothing newer.")

    vendor.ship("1.1.0", CRASHES)
    told = client.told("apply", PRODUCT, expect=1)
    assert "was rolled back, 1.0.0 runs again" in told["reason"]
    assert site.outcomes() == [("committed", "1.0.0"), ("rolled_back", "1.1.0")]
    assert client.told("check")[0]["available"] is None
    assert "no release of companion before" in client.call("rollback", PRODUCT, expect=2)

    client.serve()
    sentence = client.call("apply", PRODUCT, expect=2)
    assert "already works on" in sentence
    assert str(client.updater.pid) in sentence
    second = client.call("serve", expect=2)
    assert "already works on" in second

    slot = client.place / "slots" / client.slot()
    (slot / "version.txt").chmod(0o644)
    (slot / "version.txt").write_text("9")
    (finding,) = client.told("verify", expect=1)
    assert finding["findings"] == ["version.txt has 1 bytes instead of 5."]


def test_of_two_updaters_started_at_once_one_works_and_one_says_so(client):
    command = [sys.executable, "-m", "common", "updater", "serve"]
    both = [
        subprocess.Popen(command, env=client.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    try:
        until(lambda: any(one.poll() is not None for one in both), "one of them to leave")
        (left,) = [one for one in both if one.poll() is not None]
        (works,) = [one for one in both if one is not left]
        assert left.returncode == 2
        told = left.stderr.read().decode()
        assert f"process {works.pid}) already works on" in told
        assert works.poll() is None
    finally:
        for one in both:
            if one.poll() is None:
                one.terminate()
            one.wait(60)
            one.stderr.close()
