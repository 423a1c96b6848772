from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Migrations

from comm_server.mirror import Accepted, Mirror, Refused
from comm_server.mirror import schema as mirror_schema
from common.spool import Store
from common.trust import FolderSource, Repository, Source
from tests.support.clock import FakeClock
from tests.support.repository_simulator import PLATFORM, RepositorySimulator

PHONE = ("phone", "stable", PLATFORM)


class Site:
    """A mirror with its database, and what it announced."""

    def __init__(self, folder: Path, vendor: RepositorySimulator, clock: FakeClock) -> None:
        migrations = Migrations("test")
        mirror_schema.add_to(migrations)
        mirror_schema.add_notices_to(migrations)
        mirror_schema.add_terms_to(migrations)
        self.folder = folder
        self.clock = clock
        self.root = vendor.first_root
        self.store = Store(folder / "comm.db", migrations)
        self.wanted = {PHONE}
        self.announced: list[tuple[str, ...]] = []
        self.mirror = self.restarted()

    def restarted(self) -> Mirror:
        self.mirror = Mirror(
            self.folder / "mirror",
            self.root,
            self.store,
            lambda: self.wanted,
            self.announce,
            clock=self.clock,
            quarantined=3,
            lock_wait=0,
        )
        return self.mirror

    def announce(self, connection: sqlite3.Connection, *release: str) -> None:
        assert connection.in_transaction
        self.announced.append(release)

    def accepts(self, source: Source) -> Accepted:
        answer = self.mirror.offer(source, "pull")
        assert isinstance(answer, Accepted), answer
        return answer

    def refuses(self, source: Source, kind: str) -> Refused:
        before = self.files()
        answer = self.mirror.offer(source, "pull")
        assert isinstance(answer, Refused)
        assert answer.kind == kind, answer.sentence
        assert self.files() == before
        return answer

    def files(self) -> dict[str, bytes]:
        """Everything that clients can read."""
        live = self.mirror.live
        return {str(p.relative_to(live)): p.read_bytes() for p in live.rglob("*") if p.is_file()}

    def client(self, name: str) -> Repository:
        """A reader of what is live, with a memory of its own."""
        return Repository(
            self.folder / "clients" / name, self.root, FolderSource(self.mirror.live), self.clock
        )

    def client_sees(self, name: str = "seat") -> str:
        """The version a client finds, having fetched and verified all of it."""
        client = self.client(name)
        client.refresh()
        version = client.channel("phone", "stable")[PLATFORM]
        client.manifest("phone", version, PLATFORM)
        client.download(f"phone/{version}/{PLATFORM}/full.tar.zst", self.folder / "got" / version)
        return version

    def rows(self) -> list[tuple[str, ...]]:
        return [
            tuple(row.values())
            for row in self.store.rows(
                "SELECT product, channel, platform, version FROM mirrored ORDER BY rowid"
            )
        ]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def vendor() -> RepositorySimulator:
    vendor = RepositorySimulator("phone", "desk")
    vendor.ship("phone", "1.0.0")
    return vendor


@pytest.fixture
def site(tmp_path: Path, vendor: RepositorySimulator, clock: FakeClock) -> Iterator[Site]:
    site = Site(tmp_path, vendor, clock)
    yield site
    site.store.close()
