from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import CallsteadError, OperatorError
from common.spool import Store
from home.publish import approvals, room
from home.publish.lock import exclusive
from home.schema import migrations
from home.settings import HomeSettings
from tests.support.clock import FakeClock
from tests.support.kills import Killed, full_at, killed_at, no_power_cut
from tests.unit.home.publish.conftest import PLATFORM, MakePack, Reader

__all__ = ["no_power_cut"]


def publish(home: HomeSettings, clock: FakeClock, pack: Path) -> str:
    with room.open_releases(home, clock) as releases:
        return releases.publish(pack, "Ann").version


def promote(home: HomeSettings, clock: FakeClock, version: str, channel: str) -> dict[str, str]:
    with room.open_releases(home, clock) as releases:
        return releases.promote("phone", version, channel, "Bea")


def test_a_release_goes_through_the_channels(
    home: HomeSettings, clock: FakeClock, make_pack: MakePack, reader: Reader
) -> None:
    publish(home, clock, make_pack("1.0.0"))
    assert reader.sees("dev") == "1.0.0"
    assert promote(home, clock, "1.0.0", "test") == {PLATFORM: "1.0.0"}
    promote(home, clock, "1.0.0", "stable")
    publish(home, clock, make_pack("1.0.1"))
    assert (reader.sees("dev"), reader.sees("test"), reader.sees("stable")) == (
        "1.0.1",
        "1.0.0",
        "1.0.0",
    )


def test_publishing_twice_changes_nothing(
    home: HomeSettings, clock: FakeClock, make_pack: MakePack
) -> None:
    pack = make_pack("1.0.0")
    publish(home, clock, pack)
    before = room.status(home, clock)
    publish(home, clock, pack)
    assert room.status(home, clock) == before


def test_a_version_is_published_once(
    home: HomeSettings, clock: FakeClock, make_pack: MakePack
) -> None:
    publish(home, clock, make_pack("1.0.0"))
    with pytest.raises(OperatorError, match="published before with other content"):
        publish(home, clock, make_pack("1.0.0", "something else"))


def test_versions_grow_on_a_channel(
    home: HomeSettings, clock: FakeClock, make_pack: MakePack
) -> None:
    publish(home, clock, make_pack("1.0.10"))
    with pytest.raises(OperatorError, match=r"is at 1\.0\.10 for linux-x86_64; 1\.0\.9 is not"):
        publish(home, clock, make_pack("1.0.9"))
    publish(home, clock, make_pack("1.0.11"))
    promote(home, clock, "1.0.11", "test")
    with pytest.raises(OperatorError, match="is not newer"):
        promote(home, clock, "1.0.10", "test")


def test_no_channel_is_skipped(home: HomeSettings, clock: FakeClock, make_pack: MakePack) -> None:
    publish(home, clock, make_pack("1.0.0"))
    with pytest.raises(OperatorError, match=r"has not been in test yet"):
        promote(home, clock, "1.0.0", "stable")


def test_a_release_may_be_promoted_after_dev_went_on(
    home: HomeSettings, clock: FakeClock, make_pack: MakePack, reader: Reader
) -> None:
    publish(home, clock, make_pack("1.0.0"))
    publish(home, clock, make_pack("1.0.1"))
    promote(home, clock, "1.0.0", "test")
    assert reader.sees("test") == "1.0.0"


@pytest.mark.parametrize(
    ("product", "version", "word"),
    [("desk", "1.0.0", "no product"), ("phone", "9", "not published"), ("phone", "x", "a version")],
)
def test_what_cannot_be_promoted_is_named(
    home: HomeSettings,
    clock: FakeClock,
    make_pack: MakePack,
    product: str,
    version: str,
    word: str,
) -> None:
    publish(home, clock, make_pack("1.0.0"))
    with room.open_releases(home, clock) as releases, pytest.raises(OperatorError, match=word):
        releases.promote(product, version, "test", "Bea")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 200])
def test_somebody_must_answer_for_it(
    home: HomeSettings, clock: FakeClock, make_pack: MakePack, name: str
) -> None:
    publish(home, clock, make_pack("1.0.0"))
    with room.open_releases(home, clock) as releases, pytest.raises(OperatorError, match="--by"):
        releases.promote("phone", "1.0.0", "test", name)


@pytest.mark.parametrize("name", ["root", "snapshot", "stable", "Phone", "a/b", "-x", "", "x" * 41])
def test_unfit_product_names(home: HomeSettings, clock: FakeClock, name: str) -> None:
    with (
        room.open_releases(home, clock) as releases,
        pytest.raises(OperatorError, match="cannot name a product"),
    ):
        releases.add_product(name)


def test_a_pack_that_is_not_as_its_manifest_says_is_not_signed(
    home: HomeSettings, clock: FakeClock, make_pack: MakePack
) -> None:
    pack, other = make_pack("1.0.0"), make_pack("1.0.1")
    (pack / "full.tar.zst").write_bytes((other / "full.tar.zst").read_bytes())
    with pytest.raises(OperatorError, match="Pack it again"):
        publish(home, clock, pack)


def test_no_pack_there(home: HomeSettings, clock: FakeClock, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="holds no pack"):
        publish(home, clock, tmp_path)


def test_two_products_have_keys_of_their_own(
    home: HomeSettings, clock: FakeClock, make_pack: MakePack, reader: Reader
) -> None:
    publish(home, clock, make_pack("1.0.0"))
    publish(home, clock, make_pack("7.0.0", product="desk"))
    assert (reader.sees("dev"), reader.sees("dev", "desk")) == ("1.0.0", "7.0.0")
    keys = home.folder / "keys" / "offline"
    assert (keys / "product-phone.pem").read_bytes() != (keys / "product-desk.pem").read_bytes()


def test_the_approvals_are_chained_and_anchored_in_the_signed_pointer(
    home: HomeSettings, clock: FakeClock, make_pack: MakePack
) -> None:
    publish(home, clock, make_pack("1.0.0"))
    promote(home, clock, "1.0.0", "test")
    store = Store(home.folder / "home.db", migrations())
    try:
        first, second = approvals.history(store)
        assert (first["by"], first["channel"], second["by"]) == ("Ann", "dev", "Bea")
        assert second["previous"] == first["hash"]
        (pointer,) = (home.folder / "publication" / "targets").rglob("*.test.json")
        assert json.loads(pointer.read_bytes())["approval"] == second["hash"]
        for change in ("DELETE FROM approvals", "UPDATE approvals SET by = 'Eve'"):
            with pytest.raises(sqlite3.IntegrityError, match="never changed"):
                store.execute(change)
    finally:
        store.close()


def test_a_rewritten_approval_is_noticed(
    home: HomeSettings, clock: FakeClock, make_pack: MakePack
) -> None:
    publish(home, clock, make_pack("1.0.0"))
    promote(home, clock, "1.0.0", "test")
    connection = sqlite3.connect(home.folder / "home.db")
    connection.execute("DROP TRIGGER approvals_no_update")
    connection.execute("UPDATE approvals SET by = 'Eve' WHERE seq = 1")
    connection.commit()
    connection.close()
    with pytest.raises(OperatorError, match="was changed at entry 1"):
        promote(home, clock, "1.0.0", "stable")
    assert "was changed at entry 1" in room.status(home, clock)["approvals"]["chain"]


def test_two_commands_at_once(home: HomeSettings, clock: FakeClock) -> None:
    with exclusive(home, clock), pytest.raises(OperatorError, match=r"process \d+"):
        room.freshen(home, clock)


def test_nothing_can_be_published_before_init(settings: HomeSettings, clock: FakeClock) -> None:
    releases = room.open_releases(settings, clock)
    with pytest.raises(OperatorError, match="callstead home init"), releases:
        pass


def test_init_twice_changes_nothing(home: HomeSettings, clock: FakeClock) -> None:
    before = {p: p.read_bytes() for p in home.folder.rglob("*.json")}
    assert room.initialise(home, clock) == []
    assert before == {p: p.read_bytes() for p in home.folder.rglob("*.json")}


@pytest.mark.usefixtures("no_power_cut")
def test_init_killed_at_every_touch_of_the_disk(
    settings: HomeSettings, clock: FakeClock, tmp_path: Path
) -> None:
    with killed_at(10**9) as count:
        room.initialise(settings, clock)
    for step in range(1, count[0] + 1):
        home = replace(settings, data_dir=str(tmp_path / f"home{step}"))
        with killed_at(step), pytest.raises(Killed):
            room.initialise(home, clock)
        room.initialise(home, clock)
        Reader(home, tmp_path / f"site{step}", clock).look()


@pytest.mark.usefixtures("no_power_cut")
def test_publish_killed_at_every_touch_of_the_disk(
    home: HomeSettings, clock: FakeClock, make_pack: MakePack, reader: Reader
) -> None:
    publish(home, clock, make_pack("1.0.0"))
    pack = make_pack("1.0.1")
    with killed_at(10**9) as count:
        publish(home, clock, pack)
    for step in range(1, count[0] + 1):
        version = f"1.1.{step}"
        before, pack = reader.sees("dev"), make_pack(version)
        with killed_at(step), pytest.raises(Killed):
            publish(home, clock, pack)
        assert reader.sees("dev") in {before, version}, f"step {step}"
        publish(home, clock, pack)
        assert reader.sees("dev") == version
    log = room.status(home, clock)["approvals"]
    assert log == {"entries": count[0] + 2, "chain": "whole"}


@pytest.mark.usefixtures("no_power_cut")
def test_publish_on_a_disk_that_is_full_from_any_touch_on_ends_well_when_there_is_room(
    home: HomeSettings, clock: FakeClock, make_pack: MakePack, reader: Reader
) -> None:
    publish(home, clock, make_pack("1.0.0"))
    with killed_at(10**9) as count:
        publish(home, clock, make_pack("1.0.1"))
    for step in range(1, count[0] + 1, 3):
        version = f"1.1.{step}"
        before, pack = reader.sees("dev"), make_pack(version)
        with full_at(step), contextlib.suppress(CallsteadError, OSError):
            publish(home, clock, pack)
        assert reader.sees("dev") in {before, version}, f"step {step}"
        publish(home, clock, pack)
        assert reader.sees("dev") == version, f"step {step}"
    assert room.status(home, clock)["approvals"]["chain"] == "whole"
