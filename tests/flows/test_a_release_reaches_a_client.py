"""Home signs, the site's mirror takes in, a client verifies: the real parts of three rooms."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Migrations

from comm_server.mirror import Mirror, Refused
from comm_server.mirror import schema as mirror_schema
from common.spool import Store
from common.trust import FolderSource, Repository
from common.wire.release import Manifest
from home.pack import pack
from home.publish import room
from home.settings import HomeSettings
from tests.support.clock import FakeClock

PLATFORM = "linux-x86_64"


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.home = HomeSettings(data_dir=str(folder / "home"))
        room.initialise(self.home, self.clock)
        self.root = (self.publication / "metadata" / "1.root.json").read_bytes()
        migrations = Migrations("test")
        mirror_schema.add_to(migrations)
        mirror_schema.add_notices_to(migrations)
        mirror_schema.add_terms_to(migrations)
        self.store = Store(folder / "comm.db", migrations)
        self.announced: list[tuple[str, ...]] = []
        self.mirror = Mirror(
            folder / "mirror",
            self.root,
            self.store,
            lambda: [("phone", "stable", PLATFORM)],
            self._announce,
            clock=self.clock,
        )

    @property
    def publication(self) -> Path:
        return self.home.folder / "publication"

    def _announce(self, _connection: sqlite3.Connection, *release: str) -> None:
        self.announced.append(release)

    def release(self, version: str, home: HomeSettings | None = None) -> None:
        program, out = self.folder / "built" / version, self.folder / "packs" / version
        program.mkdir(parents=True)
        (program / "run").write_text(version)
        draft = Manifest("phone", version, PLATFORM, ("run",), ())
        pack(program, draft, out, level=1, clock=self.clock)
        with room.open_releases(home or self.home, self.clock) as releases:
            releases.publish(out, "Ann")
            for channel in ("test", "stable"):
                releases.promote("phone", version, channel, "Bea")

    def client_sees(self) -> str:
        source = FolderSource(self.mirror.live)
        client = Repository(self.folder / "client", self.root, source, self.clock)
        client.refresh()
        version = client.channel("phone", "stable")[PLATFORM]
        client.manifest("phone", version, PLATFORM)
        client.download(f"phone/{version}/{PLATFORM}/full.tar.zst", self.folder / "got" / version)
        return version


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.release("1.0.0")
    yield world
    world.store.close()


def offer(world: World, folder: Path) -> str:
    answer = world.mirror.offer(FolderSource(folder), "usb")
    return answer.kind if isinstance(answer, Refused) else "accepted"


def test_one_release_after_the_other(world: World) -> None:
    assert offer(world, world.publication) == "accepted"
    assert world.client_sees() == "1.0.0"
    world.release("1.0.1")
    assert offer(world, world.publication) == "accepted"
    assert world.client_sees() == "1.0.1"
    assert [release[-1] for release in world.announced] == ["1.0.0", "1.0.1"]


def test_renewed_signatures_reach_a_client_years_later(world: World) -> None:
    for _ in range(3):
        world.clock.advance(days=360)
        with room.open_releases(world.home, world.clock) as releases:
            assert releases.add_product(f"other-{world.clock.now():%Y}")
        assert offer(world, world.publication) == "accepted"
        assert world.client_sees() == "1.0.0"


def test_a_tampered_and_a_replayed_publication_are_refused(world: World) -> None:
    replay = world.folder / "replay"
    shutil.copytree(world.publication, replay)
    world.release("1.0.1")
    assert offer(world, world.publication) == "accepted"
    assert offer(world, replay) == "rollback"
    copy = replace(world.home, data_dir=str(world.folder / "copy"))
    shutil.copytree(world.home.folder, copy.folder)
    world.release("1.0.2", copy)
    (victim,) = (copy.folder / "publication").rglob("1.0.2/*/*.full.tar.zst")
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    assert offer(world, copy.folder / "publication") == "tampered"
    assert world.client_sees() == "1.0.1"
