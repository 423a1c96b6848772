"""A kill at each step of moving in: clients never see half a state, and nothing is lost."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from common.errors import CallsteadError
from tests.support.kills import Killed, full_at, killed_at, no_power_cut
from tests.support.repository_simulator import PLATFORM, RepositorySimulator
from tests.unit.comm_server.mirror.conftest import Site

__all__ = ["no_power_cut"]
pytestmark = pytest.mark.usefixtures("no_power_cut")


def steps_of(site: Site, vendor: RepositorySimulator) -> int:
    """How often an offer touches the disk."""
    with killed_at(10**9) as count:
        site.accepts(vendor)
    return count[0]


def prepared(site: Site, vendor: RepositorySimulator) -> int:
    site.accepts(vendor)
    assert site.client_sees() == "1.0.0"
    vendor.ship("phone", "1.0.1")
    steps = steps_of(site, vendor)
    assert steps > 30
    return steps


def test_killed_at_every_touch_of_the_disk(site: Site, vendor: RepositorySimulator) -> None:
    steps = prepared(site, vendor)
    for step in range(1, steps + 1):
        version = f"1.1.{step}"
        before = site.rows()[-1][-1]
        vendor.products["phone"].targets.clear()  # shorter lists are faster to sign and to read
        vendor.ship("phone", version)
        with killed_at(step), pytest.raises(Killed):
            site.mirror.offer(vendor, "pull")
        seen = site.client_sees()
        assert seen in {before, version}, f"step {step}"
        site.restarted().recover()  # the source may be gone by now
        assert site.client_sees() in {seen, version}
        site.accepts(vendor)
        assert site.client_sees() == version
        assert site.announced.count(("phone", "stable", PLATFORM, version)) == 1


def test_killed_while_the_vendors_keys_change(site: Site, vendor: RepositorySimulator) -> None:
    """New root and timestamp are two files; whoever starts next finishes the pair by itself."""
    steps = prepared(site, vendor)
    # Every such round lengthens the chain of roots that clients walk, so only the last moves.
    for step in range(steps - 24, steps + 1, 2):
        version = f"1.1.{step}"
        before = site.client_sees()
        vendor.rotate("timestamp")
        vendor.rotate("snapshot")
        vendor.ship("phone", version)
        with killed_at(step), pytest.raises(Killed):
            site.mirror.offer(vendor, "pull")
        site.restarted().recover()
        assert site.client_sees() in {before, version}, f"step {step}"
        site.accepts(vendor)
        assert site.client_sees() == version


def test_a_failed_transaction_is_made_up_for_without_the_source(
    site: Site, vendor: RepositorySimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_connection: sqlite3.Connection, *_release: str) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(site, "announce", broken)
        site.restarted()
        with pytest.raises(sqlite3.OperationalError):
            site.mirror.offer(vendor, "pull")
    assert site.rows() == []
    site.restarted().recover()
    assert site.rows() == [("phone", "stable", PLATFORM, "1.0.0")]
    assert site.announced == site.rows()


@pytest.mark.parametrize("step", [1, 5, 20, 40])
def test_killed_at_the_very_first_offer(site: Site, vendor: RepositorySimulator, step: int) -> None:
    with killed_at(step), pytest.raises(Killed):
        site.mirror.offer(vendor, "pull")
    site.restarted()
    site.accepts(vendor)
    assert site.client_sees() == "1.0.0"


def test_a_disk_that_is_full_from_any_touch_on_is_told_and_costs_no_release(
    site: Site, vendor: RepositorySimulator
) -> None:
    steps = prepared(site, vendor)
    for step in range(1, steps + 1, 4):
        version = f"1.1.{step}"
        before = site.rows()[-1][-1]
        vendor.products["phone"].targets.clear()
        vendor.ship("phone", version)
        with full_at(step), contextlib.suppress(CallsteadError, OSError):
            site.mirror.offer(vendor, "pull")
        assert site.client_sees() in {before, version}, f"step {step}"
        site.accepts(vendor)
        assert site.client_sees() == version, f"step {step}"
        assert site.announced.count(("phone", "stable", PLATFORM, version)) == 1
