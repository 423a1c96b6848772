from __future__ import annotations

from pathlib import Path

import pytest

from common.clock import SystemClock
from common.errors import OperatorError
from home.publish import room, rotation
from home.publish.room import publication_of
from home.push.contents import Item, contents
from home.settings import HomeSettings
from tests.support.tiny_releases import CRASHES, TinyVendor


@pytest.fixture
def vendor(tmp_path: Path) -> TinyVendor:
    vendor = TinyVendor(tmp_path)
    vendor.ship("1.0.0", CRASHES)
    return vendor


def listed(vendor: TinyVendor) -> list[Item]:
    home = HomeSettings(data_dir=str(vendor.publication.parent))
    return contents(publication_of(home, SystemClock()))


def test_the_timestamp_goes_last_and_targets_go_before_the_lists(vendor: TinyVendor) -> None:
    paths = [item.path for item in listed(vendor)]
    assert paths[-1] == "metadata/timestamp.json"
    kinds = [path.split("/")[0] for path in paths]
    assert kinds == sorted(kinds, reverse=True)
    assert len(set(paths)) == len(paths)


def test_every_item_is_as_it_lies_in_the_publication(vendor: TinyVendor) -> None:
    for item in listed(vendor):
        with item.open() as file:
            data = file.read()
        assert len(data) == item.size
        assert data == (vendor.publication / item.path).read_bytes()


def test_releases_that_no_channel_points_to_stay_at_home(vendor: TinyVendor) -> None:
    vendor.ship("1.0.1", CRASHES)
    packs = [item.path for item in listed(vendor) if item.path.endswith(".full.tar.zst")]
    assert len(packs) == 1
    assert "/1.0.1/" in packs[0]


def test_every_root_goes_along(vendor: TinyVendor) -> None:
    home = HomeSettings(data_dir=str(vendor.publication.parent))
    with room.open_publication(home, SystemClock()) as (publication, keys):
        publication.commit(rotation.rotate(publication, keys, ["root-1"]))
    paths = [item.path for item in listed(vendor)]
    assert {"metadata/1.root.json", "metadata/2.root.json"} <= set(paths)


def test_all_is_of_one_state_whatever_is_signed_meanwhile(vendor: TinyVendor) -> None:
    before = {item.path: item.data for item in listed(vendor) if item.data}
    items = listed(vendor)
    room.freshen(HomeSettings(data_dir=str(vendor.publication.parent)), SystemClock(), force=True)
    assert {item.path: item.data for item in items if item.data} == before


def test_a_pack_that_is_gone_is_told(vendor: TinyVendor) -> None:
    (item,) = (one for one in listed(vendor) if one.path.endswith(".full.tar.zst"))
    assert item.file is not None
    item.file.unlink()
    with pytest.raises(OperatorError, match="push again"):
        item.open()
