"""The way back for all, with the real updater, launcher and program: only the site is pretended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.wire.rollout import Terms
from tests.support.site_simulator import SiteSimulator
from tests.support.tiny_releases import PRODUCT, WELL, TinyVendor
from tests.support.updater_client import Client, until


@pytest.fixture
def vendor(tmp_path: Path) -> TinyVendor:
    return TinyVendor(tmp_path / "vendor")


@pytest.fixture
def site(tmp_path: Path, vendor: TinyVendor) -> Iterator[SiteSimulator]:
    with SiteSimulator(tmp_path / "ca", vendor.publication).served() as running:
        yield running


@pytest.fixture
def client(tmp_path: Path, site: SiteSimulator, vendor: TinyVendor) -> Iterator[Client]:
    made = Client(tmp_path / "client")
    made.home.mkdir()
    made.call("join", site.address, site.code, "--root", str(vendor.root), "--name", "seat-1")
    yield made
    made.clean_up()


def test_a_client_returns_with_its_site_and_comes_forward_again(
    client: Client, site: SiteSimulator, vendor: TinyVendor
) -> None:
    first = vendor.ship("1.0.0", WELL)
    client.serve()
    client.call("adopt", PRODUCT, "--port", str(client.port))
    until(lambda: ("committed", "1.0.0") in site.outcomes(), "the first release")
    second = vendor.ship("1.1.0", WELL, terms=Terms(may_return=True))
    site.announce(PRODUCT, "1.1.0")
    until(lambda: ("committed", "1.1.0") in site.outcomes(), "the second release")

    site.back, site.go = "1.1.0 did not hold on seat-2", False
    site.announce(PRODUCT, "1.1.0")
    until(lambda: ("returned", "1.1.0") in site.outcomes(), "the receipt of the return")
    until(lambda: client.slot() == first.digest and client.healthy(), "the release before")
    assert ("rolled_back", "1.1.0") not in site.outcomes()

    site.back, site.go = "", True
    site.announce(PRODUCT, "1.1.0")
    until(lambda: site.outcomes().count(("committed", "1.1.0")) == 2, "the release that came again")
    until(lambda: client.slot() == second.digest and client.healthy(), "the second release again")
