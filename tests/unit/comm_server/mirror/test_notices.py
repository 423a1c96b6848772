"""What the vendor halts or withdraws, at the site."""

from __future__ import annotations

import pytest

from comm_server.mirror import Mirror
from tests.support.repository_simulator import PLATFORM, RepositorySimulator
from tests.unit.comm_server.mirror.conftest import Site

Told = list[tuple[str, ...]]


@pytest.fixture
def told(site: Site) -> Told:
    told: Told = []
    site.mirror = Mirror(
        site.folder / "mirror",
        site.root,
        site.store,
        lambda: site.wanted,
        site.announce,
        clock=site.clock,
        warn=lambda _connection, *about: told.append(about),
    )
    return told


def speak(vendor: RepositorySimulator, version: str, **notices: dict[str, str]) -> None:
    vendor.point("phone", "stable", version, **notices)
    vendor.bump("phone")


def test_a_halt_is_told_once_and_so_is_its_end(
    site: Site, vendor: RepositorySimulator, told: Told
) -> None:
    site.accepts(vendor)
    speak(vendor, "1.0.0", halted={"1.0.0": "it loses calls"})
    site.accepts(vendor)
    site.accepts(vendor)
    sentence = "The vendor has halted phone 1.0.0: it loses calls"
    assert told == [("phone", "1.0.0", "", sentence)]
    assert site.announced[-1] == ("phone", "stable", PLATFORM, "1.0.0")  # clients look at once
    assert len(site.announced) == 2
    speak(vendor, "1.0.0")
    site.accepts(vendor)
    assert told[1:] == [("phone", "1.0.0", sentence, "")]


def test_a_withdrawn_release_is_not_even_fetched(
    site: Site, vendor: RepositorySimulator, told: Told
) -> None:
    site.accepts(vendor)
    vendor.add_release("phone", "1.0.1")
    speak(vendor, "1.0.1", withdrawn={"1.0.1": "it loses calls"})
    answer = site.accepts(vendor)
    assert answer.releases == ()
    assert site.rows() == [("phone", "stable", PLATFORM, "1.0.0")]
    assert not list(site.mirror.live.glob("targets/phone/1.0.1/**/*.zst"))
    assert len(told) == 1
    vendor.ship("phone", "1.0.2")
    site.accepts(vendor)
    assert site.client_sees() == "1.0.2"


def test_a_halted_release_is_kept_ready_for_when_it_is_lifted(
    site: Site, vendor: RepositorySimulator
) -> None:
    vendor.add_release("phone", "1.0.1")
    speak(vendor, "1.0.1", halted={"1.0.1": "wait"})
    site.accepts(vendor)
    assert site.client_sees() == "1.0.1"  # its files; whether to install is the updater's rule


def test_a_notice_that_cannot_be_read_refuses_the_state(
    site: Site, vendor: RepositorySimulator
) -> None:
    site.accepts(vendor)
    vendor.point("phone", "stable", "1.0.0", halted={"1.0.0": 7})
    vendor.bump("phone")
    site.refuses(vendor, "channel")
