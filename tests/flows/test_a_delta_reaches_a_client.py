"""Home packs and signs, the site's mirror fetches what its client needs, the client applies it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Migrations
from tuf.api.exceptions import DownloadHTTPError

from comm_server.mirror import Accepted, Mirror
from comm_server.mirror import schema as mirror_schema
from common.spool import Store
from common.trust import FolderSource, Source
from common.wire.release import Manifest
from home.deltas import make_deltas
from home.pack import pack
from home.publish import room
from home.settings import HomeSettings
from tests.support.clock import FakeClock
from tests.support.delta_world import NEW, OLD, lay_out
from tests.support.program_world import PRODUCT, World
from tests.support.repository_simulator import PLATFORM
from updater import slots
from updater.states import State

CONTENT = {"1.0.0": OLD, "1.1.0": NEW, "1.2.0": {**NEW, "lib/two.py": b"two\n"}}


class Line(Source):
    """The way from a publication: counts the bytes of each path."""

    def __init__(self, folder: Path) -> None:
        self._source = FolderSource(folder)
        self.bytes: Counter[str] = Counter()

    @property
    def name(self) -> str:
        return self._source.name

    def open(self, path: str, offset: int = 0) -> Iterator[bytes]:
        for chunk in self._source.open(path, offset):
            self.bytes[path] += len(chunk)
            yield chunk

    def of(self, word: str) -> int:
        """Bytes of the paths that hold ``word``."""
        return sum(size for path, size in self.bytes.items() if word in path)


class Site(Line):
    """The mirror as its clients see it: what is not here is asked for."""

    def __init__(self, folder: Path, root: bytes, clock: FakeClock, vendor: Path) -> None:
        self.first_root = root
        self.running: set[str | None] = {None}
        migrations = Migrations("test")
        mirror_schema.add_to(migrations)
        mirror_schema.add_notices_to(migrations)
        mirror_schema.add_terms_to(migrations)
        self.store = Store(folder / "comm.db", migrations)
        self.mirror = Mirror(
            folder / "mirror",
            root,
            self.store,
            lambda: [(PRODUCT, "stable", PLATFORM)],
            self._announce,
            running=lambda _product, _platform: self.running,
            clock=clock,
        )
        self.uplink = Line(vendor)
        super().__init__(self.mirror.live)

    def _announce(self, _connection: sqlite3.Connection, *_release: str) -> None:
        pass

    def open(self, path: str, offset: int = 0) -> Iterator[bytes]:
        missing = path.startswith("targets/") and not (self.mirror.live / path).exists()
        if missing and self.mirror.asked.ask(path.removeprefix("targets/")):
            raise DownloadHTTPError("the server answered 503", 503)
        return super().open(path, offset)

    def pull(self) -> None:
        assert isinstance(self.mirror.offer(self.uplink, "pull"), Accepted)


class Ground:
    """A vendor, a site, one computer of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.home = HomeSettings(data_dir=str(folder / "home"))
        room.initialise(self.home, self.clock)
        publication = self.home.folder / "publication"
        root = (publication / "metadata" / "1.root.json").read_bytes()
        self.site = Site(folder, root, self.clock, publication)
        self.client = self.restarted()

    def restarted(self) -> World:
        simulator: Any = self.site
        return World(self.folder / "client", simulator)

    def release(self, version: str) -> dict[str, int]:
        """Pack with deltas, publish, promote; the deltas' bytes by the version they start from."""
        tree, out = self.folder / "built" / version, self.folder / "packs" / version
        lay_out(CONTENT[version], tree)
        draft = Manifest(PRODUCT, version, PLATFORM, ("run",), ())
        packed = pack(tree, draft, out, level=1, clock=self.clock)
        bases = room.bases(self.home, self.clock, packed.manifest)
        made = make_deltas(tree, packed.manifest, bases, out, most=packed.pack_size, level=12)
        with room.open_releases(self.home, self.clock) as releases:
            releases.publish(out, "Ann")
            for channel in ("test", "stable"):
                releases.promote(PRODUCT, version, channel, "Bea")
        self.site.pull()
        return {delta.base.version: delta.size for delta in made}

    def installed(self) -> str:
        """What the client runs after it looked for news; its slot is as it was signed."""
        program = self.client.settle()
        assert program.current is not None
        assert slots.verify(self.client.folder.slots, program.current.digest) == []
        self.site.running = {program.current.version}
        return program.current.version


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path)
    yield made
    made.client.close()
    made.site.store.close()


def test_an_update_costs_a_delta_on_the_line_and_in_the_house(ground: Ground) -> None:
    ground.release("1.0.0")
    assert ground.installed() == "1.0.0"
    ground.site.bytes.clear()
    ground.site.uplink.bytes.clear()
    deltas = ground.release("1.1.0")
    assert ground.installed() == "1.1.0"
    for line in (ground.site, ground.site.uplink):
        assert line.of(".delta") == deltas["1.0.0"]
        assert line.of("1.1.0") == deltas["1.0.0"], "neither pack nor manifest"


def test_a_client_that_was_away_for_two_releases_takes_one_delta(ground: Ground) -> None:
    ground.release("1.0.0")
    assert ground.installed() == "1.0.0"
    ground.release("1.1.0")
    ground.site.bytes.clear()
    deltas = ground.release("1.2.0")
    assert set(deltas) == {"1.1.0", "1.0.0"}
    assert ground.installed() == "1.2.0"
    assert ground.site.of("/1.") == deltas["1.0.0"]


def test_a_delta_that_fails_at_the_client_brings_the_pack_over_the_line_once(
    ground: Ground,
) -> None:
    ground.release("1.0.0")
    assert ground.installed() == "1.0.0"
    ground.site.uplink.bytes.clear()
    ground.release("1.1.0")
    ground.client.until(State.STAGED)
    current = ground.client.program.current
    assert current is not None
    broken = ground.client.folder.slots / current.digest / "lib" / "one.py"
    broken.chmod(0o644)
    broken.write_bytes(b"rotten")
    ground.client.until(State.FETCHING)
    ground.client.step()
    assert "503" in ground.client.program.reason
    ground.site.pull()  # as Puller.pull_asked does within a second
    assert ground.installed() == "1.1.0"
    receipt = ground.client.receipts()[-1]
    assert receipt["way"]["by"] == "full"
    assert "lib/one.py" in receipt["way"]["delta_refused"]
    pack_size = (ground.folder / "packs" / "1.1.0" / "full.tar.zst").stat().st_size
    assert ground.site.uplink.of("full.tar.zst") == pack_size
