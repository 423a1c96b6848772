from __future__ import annotations

import shutil

import pytest

from common.errors import OperatorError, RefusedError
from home.publish import room
from home.settings import HomeSettings
from tests.support.clock import FakeClock
from tests.unit.home.publish.conftest import MakePack, Reader


@pytest.fixture
def published(
    home: HomeSettings, clock: FakeClock, make_pack: MakePack, reader: Reader
) -> HomeSettings:
    with room.open_releases(home, clock) as releases:
        releases.publish(make_pack("1.0.0"), "Ann")
    assert reader.sees("dev") == "1.0.0"
    return home


def test_what_is_young_is_left_alone(published: HomeSettings, clock: FakeClock) -> None:
    clock.advance(days=6)
    assert room.freshen(published, clock) == []


def test_at_half_of_its_life_it_is_signed_again_with_online_keys_alone(
    published: HomeSettings, clock: FakeClock, reader: Reader
) -> None:
    shutil.rmtree(published.folder / "keys" / "offline")
    for _ in range(6):
        clock.advance(days=8)
        assert room.freshen(published, clock) == ["snapshot", "timestamp"]
        assert reader.sees("dev") == "1.0.0"


def test_without_it_readers_see_a_freeze(
    published: HomeSettings, clock: FakeClock, reader: Reader
) -> None:
    clock.advance(days=15)
    with pytest.raises(RefusedError) as caught:
        reader.sees("dev")
    assert caught.value.kind == "expired"
    room.freshen(published, clock)
    assert reader.sees("dev") == "1.0.0"


def test_a_publication_renews_the_offline_lists_that_age(
    published: HomeSettings, clock: FakeClock, reader: Reader, make_pack: MakePack
) -> None:
    with room.open_releases(published, clock) as releases:
        releases.publish(make_pack("5.0.0", product="desk"), "Ann")
    clock.advance(days=400)
    with room.open_releases(published, clock) as releases:
        releases.publish(make_pack("1.0.1"), "Ann")
    ages = {
        name: role["days_left"] for name, role in room.status(published, clock)["roles"].items()
    }
    assert ages == {
        "root": 730, "targets": 365, "snapshot": 14, "timestamp": 14, "desk": 365, "phone": 365,
    }  # fmt: skip
    assert (reader.sees("dev"), reader.sees("dev", "desk")) == ("1.0.1", "5.0.0")


def test_a_damaged_list_is_named(published: HomeSettings, clock: FakeClock) -> None:
    file = published.folder / "publication" / "metadata" / "timestamp.json"
    file.write_bytes(b"{")
    with pytest.raises(OperatorError, match=r"timestamp\.json is damaged"):
        room.freshen(published, clock)
