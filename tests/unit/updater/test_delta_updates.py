"""A client takes the delta from what runs; whatever is wrong with it, the full pack comes."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from tuf.api.exceptions import DownloadError

from common.errors import NetworkError
from common.trust import Repository
from common.trust.delta import PREFIX
from tests.support.delta_kills import kill_while_applying
from tests.support.delta_world import NEW, OLD, Shipped, noise, ship_with_delta
from tests.support.program_world import PRODUCT, World
from tests.support.repository_simulator import RepositorySimulator
from updater import build, fetch, slots
from updater.states import State


@pytest.fixture
def vendor() -> RepositorySimulator:
    """1.0.0 is there."""
    made = RepositorySimulator(PRODUCT)
    made.add_release(PRODUCT, "1.0.0", OLD)
    made.point(PRODUCT, "stable", "1.0.0")
    made.bump(PRODUCT)
    return made


@pytest.fixture
def shipped(world: World, vendor: RepositorySimulator, tmp_path: Path) -> Shipped:
    """The computer runs 1.0.0, and 1.1.0 is there with a delta."""
    world.settle()
    vendor.asked.clear()
    return ship_with_delta(vendor, tmp_path / "made", PRODUCT)


def slot(world: World) -> Path:
    assert world.program.current is not None
    return world.folder.slots / world.program.current.digest


def runs(world: World, version: str = "1.1.0") -> None:
    program = world.settle()
    assert program.current is not None
    assert program.current.version == version, program.reason
    assert slots.verify(world.folder.slots, program.current.digest) == []
    assert world.running_slot == program.current.digest
    assert world.leftovers() == []


def asked(vendor: RepositorySimulator, word: str) -> list[tuple[str, int]]:
    return [how for how in vendor.asked if word in how[0]]


def fell_back(world: World, vendor: RepositorySimulator, why: str) -> None:
    """The release came whole all the same, and the receipt says why."""
    runs(world)
    assert asked(vendor, "full.tar.zst")
    receipt = world.receipts()[-1]
    assert receipt["outcome"] == "committed"
    assert receipt["way"]["by"] == "full"
    assert why in receipt["way"]["delta_refused"]
    assert why in receipt["reason"]
    assert world.journal.bad(PRODUCT) == {}


def test_the_delta_comes_and_neither_the_pack_nor_the_manifest(
    world: World, vendor: RepositorySimulator, shipped: Shipped
) -> None:
    runs(world)
    assert asked(vendor, "full.tar.zst") == asked(vendor, "manifest.json") == []
    assert asked(vendor, ".delta") == [(shipped.path, 0)]
    for path, content in NEW.items():
        assert (slot(world) / path).read_bytes() == content
    assert world.receipts()[-1]["way"] == {
        "by": "delta", "bytes": len(shipped.pair.delta), "delta_refused": "",
    }  # fmt: skip


def test_what_did_not_change_is_linked_and_takes_no_space(world: World, shipped: Shipped) -> None:
    before = slot(world)
    runs(world)
    for old, new in {"run": "run", "lib/same.bin": "lib/moved.bin"}.items():
        assert (before / old).stat().st_ino == (slot(world) / new).stat().st_ino
    assert (before / "lib/one.py").stat().st_ino != (slot(world) / "lib/one.py").stat().st_ino


def test_a_disk_without_links_gets_copies(
    world: World, shipped: Shipped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_arguments: object, **_named: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    before = slot(world)
    runs(world)
    assert (before / "run").stat().st_ino != (slot(world) / "run").stat().st_ino
    assert world.receipts()[-1]["way"]["by"] == "delta"


def test_a_client_two_versions_behind_goes_straight_to_the_newest(
    world: World, vendor: RepositorySimulator, shipped: Shipped, tmp_path: Path
) -> None:
    newest = {**NEW, "lib/one.py": b"one more\n"}
    straight = ship_with_delta(vendor, tmp_path / "two", PRODUCT, ("1.0.0", "1.2.0"), OLD, newest)
    ship_with_delta(vendor, tmp_path / "one", PRODUCT, ("1.1.0", "1.2.0"), NEW, newest)
    runs(world, "1.2.0")
    assert {path for path, _offset in asked(vendor, ".delta")} == {straight.path}


def test_without_a_delta_from_here_the_pack_comes(
    world: World, vendor: RepositorySimulator
) -> None:
    world.settle()
    vendor.ship(PRODUCT, "1.1.0")
    runs(world)
    way = world.receipts()[-1]["way"]
    assert (way["by"], way["delta_refused"]) == ("full", "")


def test_a_delta_that_is_not_smaller_is_left(
    world: World, vendor: RepositorySimulator, tmp_path: Path
) -> None:
    world.settle()
    shipped = ship_with_delta(vendor, tmp_path / "made", PRODUCT, new={"run": b"other"})
    vendor.add_target(shipped.target, shipped.pair.delta + bytes(5_000))
    vendor.bump(PRODUCT)
    runs(world)
    assert asked(vendor, ".delta") == []


def test_a_mirror_without_the_delta_gives_the_pack(
    world: World, vendor: RepositorySimulator, shipped: Shipped
) -> None:
    del vendor.files[shipped.path]
    runs(world)
    way = world.receipts()[-1]["way"]
    assert (way["by"], way["delta_refused"]) == ("full", "")


def test_attack_a_delta_tampered_with_at_the_mirror(
    world: World, vendor: RepositorySimulator, shipped: Shipped
) -> None:
    vendor.files[shipped.path] = bytes(len(shipped.pair.delta))
    fell_back(world, vendor, "it was changed")


def test_attack_endless_data_in_place_of_a_delta(
    world: World, vendor: RepositorySimulator, shipped: Shipped
) -> None:
    vendor.files[shipped.path] += bytes(10_000_000)
    fell_back(world, vendor, "more")


@pytest.mark.parametrize("place", [0, 5, PREFIX + 3, -300, -5])
def test_attack_a_signed_delta_with_a_flipped_byte(
    world: World, vendor: RepositorySimulator, shipped: Shipped, place: int
) -> None:
    data = bytearray(shipped.pair.delta)
    data[place] ^= 0xFF
    vendor.add_target(shipped.target, bytes(data))
    vendor.bump(PRODUCT)
    fell_back(world, vendor, "delta")


@pytest.mark.parametrize("twentieth", [0, 1, 10, 19])
def test_attack_a_signed_delta_that_is_cut_off(
    world: World, vendor: RepositorySimulator, shipped: Shipped, twentieth: int
) -> None:
    data = shipped.pair.delta
    vendor.add_target(shipped.target, data[: len(data) * twentieth // 20])
    vendor.bump(PRODUCT)
    fell_back(world, vendor, "delta")


@pytest.mark.parametrize("path", ["lib/one.py", "lib/same.bin", "run"])
def test_fault_a_file_of_the_base_is_missing(
    world: World, vendor: RepositorySimulator, shipped: Shipped, path: str
) -> None:
    (slot(world) / path).parent.chmod(0o755)
    (slot(world) / path).unlink()
    fell_back(world, vendor, f"{path} of the release before cannot be read")


@pytest.mark.parametrize("path", ["lib/one.py", "lib/same.bin", "run"])
def test_attack_a_slot_that_was_tampered_with(
    world: World, vendor: RepositorySimulator, shipped: Shipped, path: str
) -> None:
    """Also where the file is only linked: the whole new slot is hashed."""
    file = slot(world) / path
    file.chmod(0o644)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    file.chmod(0o555)
    fell_back(world, vendor, path)


@pytest.mark.parametrize("path", ["lib/one.py", "lib/same.bin"])
def test_attack_a_symlink_in_the_base(
    world: World, vendor: RepositorySimulator, shipped: Shipped, tmp_path: Path, path: str
) -> None:
    file = slot(world) / path
    file.parent.chmod(0o755)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    fell_back(world, vendor, path)


def test_the_manifest_of_the_base_is_gone(
    world: World, vendor: RepositorySimulator, shipped: Shipped
) -> None:
    world.until(State.STAGED)
    (world.folder.slots / f"{slot(world).name}.json").unlink()
    fell_back(world, vendor, "manifest of the release before is gone")


def test_a_release_that_is_bad_here_costs_no_manifest_at_each_look(
    world: World, vendor: RepositorySimulator
) -> None:
    world.settle()
    world.launcher.behaviour["1.1.0"] = "crashes"
    vendor.ship(PRODUCT, "1.1.0")
    world.settle()
    vendor.asked.clear()
    for _ in range(3):
        world.engine.hint()
        world.step()
    assert asked(vendor, "manifest.json") == []


def test_a_delta_needs_no_more_space_than_what_it_makes(
    world: World, vendor: RepositorySimulator, shipped: Shipped, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = sum(len(NEW[p]) for p in NEW if NEW[p] not in OLD.values())
    free = SimpleNamespace(free=changed - 1)
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _folder: free)
    world.until(State.FETCHING)
    world.step()
    assert world.program.state is State.FETCHING
    assert "Free some space" in world.program.reason
    assert asked(vendor, "full.tar.zst") == []
    free.free = changed + len(NEW) * 4096
    world.until(State.IDLE)
    assert world.receipts()[-1]["way"]["by"] == "delta"


class Cutting:
    """A source whose connection breaks after so many bytes of a delta, each time."""

    def __init__(self, vendor: RepositorySimulator, after: int) -> None:
        self.sent = 0
        self._open = vendor.open
        self._after = after

    def open(self, path: str, offset: int = 0):
        chunks = self._open(path, offset)
        return self._cut(b"".join(chunks)) if path.endswith(".delta") else chunks

    def _cut(self, data: bytes):
        self.sent += len(data[: self._after])
        yield data[: self._after]
        if len(data) > self._after:
            raise DownloadError("the connection broke off")


SMALL = {"run": noise(6, 4000)}
# Its delta is larger than its manifest, so that it is not fetched for that already.
LARGER = SMALL | {"fresh": noise(7, 2000)}


def test_a_delta_resumes_after_a_cut_across_restarts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = RepositorySimulator(PRODUCT)
    vendor.add_release(PRODUCT, "1.0.0", SMALL)
    vendor.point(PRODUCT, "stable", "1.0.0")
    vendor.bump(PRODUCT)
    world = World(tmp_path, vendor)
    world.settle()
    shipped = ship_with_delta(vendor, tmp_path / "made", PRODUCT, old=SMALL, new=LARGER)
    world.until(State.FETCHING)
    cutting = Cutting(vendor, 41)
    monkeypatch.setattr(vendor, "open", cutting.open)
    for _ in range(-(-len(shipped.pair.delta) // 41)):
        assert world.program.state is State.FETCHING
        world.step()
        world.close()
        world = World(tmp_path, vendor)
    assert cutting.sent == len(shipped.pair.delta), "each byte came once"
    runs(world)
    assert world.receipts()[-1]["way"]["by"] == "delta"
    world.close()


def test_a_delta_resumes_after_a_cut_at_every_byte(
    world: World, vendor: RepositorySimulator, shipped: Shipped, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on disk is all that is remembered: each try has a reader of its own."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    cutting = Cutting(vendor, 1)
    monkeypatch.setattr(vendor, "open", cutting.open)
    place = world.root / "delta"
    for number in range(1, len(shipped.pair.delta)):
        with pytest.raises(NetworkError):
            reader(world).download(shipped.target, place)
        assert cutting.sent == number
    reader(world).download(shipped.target, place)
    assert place.read_bytes() == shipped.pair.delta
    assert cutting.sent == len(shipped.pair.delta), "each byte came once"


def reader(world: World) -> Repository:
    return Repository(world.folder.trust, world.simulator.first_root, world.simulator, world.clock)


class Full:
    """The disk is full at the n-th act of building, and stays so."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int) -> None:
        self.done = 0
        for owner, name in (
            (os, "link"), (os, "open"), (os, "fsync"), (Path, "mkdir"), (Path, "rename"),
            (shutil, "copyfileobj"),
        ):  # fmt: skip
            patch.setattr(owner, name, self._wrapped(getattr(owner, name), at))

    def _wrapped(self, act, at: int):
        def counted(*arguments, **named):
            self.done += 1
            if self.done > at and act is not _OPEN:
                raise OSError(errno.ENOSPC, "No space left on device")
            return act(*arguments, **named)

        return counted


_OPEN = os.open


def test_fault_disk_full_at_each_step_of_applying(
    world: World, vendor: RepositorySimulator, shipped: Shipped, tmp_path: Path
) -> None:
    world.until(State.STAGED)
    program = world.program
    base = slots.manifest_of(world.folder.slots, slot(world).name)
    delta = fetch.fetched(world.tools, program.wanted())
    with pytest.MonkeyPatch.context() as patch:
        counting = Full(patch, 10**9)
        build.build_from_delta(delta, base, program.wanted(), world.folder.slots)
    slots.remove(world.folder.slots, program.wanted().digest)
    assert counting.done > 20
    for at in range(counting.done):
        with pytest.MonkeyPatch.context() as patch:
            Full(patch, at)
            world.engine.step()
        if world.program.state is not State.STAGED:
            break  # the last acts are reads
        assert "No space left" in world.program.reason, at
        made = world.folder.slots / program.wanted().digest
        assert not made.exists() or not slots.verify(made.parent, made.name), at
    else:
        raise AssertionError("it was never built")
    assert at > 15
    runs(world)
    assert world.receipts()[-1]["way"]["by"] == "delta"


def test_fault_sigkill_before_some_acts_of_applying(tmp_path: Path) -> None:
    """tests/drills has all of them."""
    kill_while_applying(tmp_path, stride=5)
