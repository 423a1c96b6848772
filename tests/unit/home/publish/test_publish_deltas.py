"""Deltas are signed with their release, and leave the list when nobody needs them any more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from common.cli import main
from common.clock import Clock
from common.errors import OperatorError
from common.trust.delta import read_head
from common.wire.release import delta_target
from home.publish import room
from home.settings import HomeSettings
from tests.support.clock import FakeClock
from tests.support.delta_world import noise
from tests.unit.home.publish.conftest import PLATFORM, MakePack, Reader


def program(version: str) -> str:
    """Content that packs badly, so that a delta is worth it."""
    return noise(1, 4000).hex() + version


def release(
    settings: HomeSettings, clock: Clock, make_pack: MakePack, version: str, *channels: str
) -> Path:
    """Pack with deltas, publish, promote."""
    folder = make_pack(version, program(version))
    with room.open_releases(settings, clock) as releases:
        releases.publish(folder, "wang")
        for channel in channels:
            releases.promote("phone", version, channel, "wang")
    return folder


def listed(settings: HomeSettings, clock: Clock) -> set[str]:
    """Every listed delta, as VERSION/NAME."""
    role = room.publication_of(settings, clock).role("phone")
    return {
        "/".join((target.split("/")[1], target.split("/")[3]))
        for target in role.targets
        if target.endswith(".delta")
    }


def on_disk(settings: HomeSettings) -> list[Path]:
    return list((settings.folder / "publication" / "targets").rglob("*.delta"))


@pytest.fixture
def packed(home: HomeSettings, clock: FakeClock, make_pack: MakePack, tmp_path: Path) -> MakePack:
    """Packs with their deltas, as the command makes them."""

    def make(version: str, content: str = "") -> Path:
        out = make_pack(version, content or program(version))
        tree = tmp_path / "built" / version
        arguments = ["home", "pack", str(tree), "--product", "phone", "--version", version]
        arguments += ["--platform", PLATFORM, "--start", "run", "--out", str(out), "--json"]
        done = CliRunner().invoke(
            main, arguments, env={"CALLSTEAD_HOME_DATA_DIR": str(home.folder)}
        )
        assert done.exit_code == 0, done.output
        make.told = json.loads(done.output)
        return out

    return make


def test_a_delta_from_each_of_the_last_five_releases_is_made_and_signed(
    home: HomeSettings, clock: FakeClock, packed: MakePack, reader: Reader, tmp_path: Path
) -> None:
    for number in range(7):
        release(home, clock, packed, f"1.0.{number}", "test", "stable")
    assert list(packed.told["deltas"]) == [f"1.0.{n}" for n in (5, 4, 3, 2, 1)]
    repository = reader.look()
    for number in range(1, 6):
        base = repository.manifest("phone", f"1.0.{number}", PLATFORM)
        name = delta_target("phone", "1.0.6", PLATFORM, base.digest)
        repository.download(name, tmp_path / name)
        assert read_head(tmp_path / name, base).manifest.version == "1.0.6"
        assert repository.info(name)[0] == packed.told["deltas"][f"1.0.{number}"]


def test_deltas_to_what_every_channel_left_behind_leave_the_list_and_the_disk(
    home: HomeSettings, clock: FakeClock, packed: MakePack
) -> None:
    for version in ("1.0.0", "1.0.1"):
        release(home, clock, packed, version, "test", "stable")
    release(home, clock, packed, "1.0.2")
    # 1.0.1 is still where stable points to.
    assert {name.split("/")[0] for name in listed(home, clock)} == {"1.0.1", "1.0.2"}
    with room.open_releases(home, clock) as releases:
        releases.promote("phone", "1.0.2", "test", "wang")
        releases.promote("phone", "1.0.2", "stable", "wang")
    assert {name.split("/")[0] for name in listed(home, clock)} == {"1.0.2"}
    release(home, clock, packed, "1.0.3")
    assert {path.parts[-3] for path in on_disk(home)} == {"1.0.2", "1.0.3"}


def test_a_delta_from_an_unpublished_release_is_not_signed(
    home: HomeSettings, clock: FakeClock, packed: MakePack
) -> None:
    release(home, clock, packed, "1.0.0")
    folder = packed("1.0.1")
    (delta,) = folder.glob("*.delta")
    delta.rename(folder / "from-0123456789abcdef.delta")
    with (
        room.open_releases(home, clock) as releases,
        pytest.raises(OperatorError, match="not published here"),
    ):
        releases.publish(folder, "wang")


def test_a_delta_that_leads_elsewhere_or_is_damaged_is_not_signed(
    home: HomeSettings, clock: FakeClock, packed: MakePack
) -> None:
    release(home, clock, packed, "1.0.0")
    right, other = packed("1.0.1"), packed("1.0.2")
    (name,) = [path.name for path in right.glob("*.delta")]
    for wrong, said in (((other / name).read_bytes(), "leads to another"), (b"junk", "no delta")):
        (right / name).write_bytes(wrong)
        with (
            room.open_releases(home, clock) as releases,
            pytest.raises(OperatorError, match=said),
        ):
            releases.publish(right, "wang")
    assert listed(home, clock) == set()


def test_packing_again_removes_the_deltas_of_before(home: HomeSettings, packed: MakePack) -> None:
    out = packed("1.0.0")
    (out / "from-0123456789abcdef.delta").write_bytes(b"old")
    packed("1.0.0")
    assert list(out.glob("*.delta")) == []
