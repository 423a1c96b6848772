from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from common.trust import FolderSource, Repository
from common.wire.release import Manifest
from home.pack import pack
from home.publish import room
from home.settings import HomeSettings
from tests.support.clock import FakeClock

PLATFORM = "linux-x86_64"
MakePack = Callable[..., Path]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def settings(tmp_path: Path) -> HomeSettings:
    defaults = HomeSettings(data_dir=str(tmp_path / "home"))
    return replace(defaults, publish=replace(defaults.publish, lock_wait=0.0))


@pytest.fixture
def home(settings: HomeSettings, clock: FakeClock) -> HomeSettings:
    """A home with keys and an empty publication."""
    room.initialise(settings, clock)
    return settings


@pytest.fixture
def make_pack(tmp_path: Path, clock: FakeClock) -> MakePack:
    def make(version: str, content: str = "", product: str = "phone") -> Path:
        program = tmp_path / "built" / version
        program.mkdir(parents=True, exist_ok=True)
        (program / "run").write_text(content or f"{product} {version}")
        out = tmp_path / "packs" / f"{product}-{version}"
        draft = Manifest(product, version, PLATFORM, ("run",), ())
        pack(program, draft, out, level=1, clock=clock)
        return out

    return make


class Reader:
    """A site that follows the home's publication, from the root it was given first."""

    def __init__(self, settings: HomeSettings, folder: Path, clock: FakeClock) -> None:
        self._publication = settings.folder / "publication"
        self._root = (self._publication / "metadata" / "1.root.json").read_bytes()
        self._folder = folder
        self._clock = clock

    def look(self) -> Repository:
        """Follow the lists to their newest state."""
        source = FolderSource(self._publication)
        repository = Repository(self._folder / "trusted", self._root, source, self._clock)
        repository.refresh()
        return repository

    def sees(self, channel: str, product: str = "phone") -> str | None:
        """The version on a channel, its manifest and pack fetched and verified."""
        repository = self.look()
        version = repository.channel(product, channel).get(PLATFORM)
        if version:
            repository.manifest(product, version, PLATFORM)
            target = f"{product}/{version}/{PLATFORM}/full.tar.zst"
            repository.download(target, self._folder / "got" / version)
        return version


@pytest.fixture
def reader(home: HomeSettings, tmp_path: Path, clock: FakeClock) -> Reader:
    return Reader(home, tmp_path / "site", clock)
