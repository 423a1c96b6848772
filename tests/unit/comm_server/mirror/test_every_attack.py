"""Each attack on a site: what clients read stays as it was, and the refusal says its kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.attacks import ATTACKS
from tests.support.clock import FakeClock
from tests.support.repository_simulator import RepositorySimulator
from tests.unit.comm_server.mirror.conftest import Site


@pytest.fixture
def seen(tmp_path: Path, vendor: RepositorySimulator, clock: FakeClock) -> Iterator[Site]:
    """A site that has taken the vendor's state 3."""
    site = Site(tmp_path, vendor, clock)
    site.accepts(vendor)
    vendor.bump()
    site.accepts(vendor)
    yield site
    site.store.close()


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(seen: Site, vendor: RepositorySimulator, name: str) -> None:
    attack, kind = ATTACKS[name]
    attack(vendor, "phone")
    seen.refuses(vendor, kind)
    assert seen.client_sees() == "1.0.0"
    assert seen.rows() == [("phone", "stable", "linux-x86_64", "1.0.0")]


def test_tampered_mirror_whose_own_files_are_changed_on_disk(
    seen: Site, vendor: RepositorySimulator
) -> None:
    (pointer,) = seen.mirror.live.glob("targets/phone/channels/*.stable.json")
    honest = pointer.read_bytes()
    pointer.write_bytes(honest.replace(b"1.0.0", b"6.6.6"))
    with pytest.raises(Exception, match="is not the one that the vendor signed"):
        seen.client_sees("a seat")
    seen.accepts(vendor)  # the next look mends it
    assert pointer.read_bytes() == honest
    assert seen.client_sees("a seat") == "1.0.0"
