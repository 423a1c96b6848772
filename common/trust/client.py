"""python-tuf's updater with durable files, a clock that is given, and a memory of what it asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tuf.api.metadata import Root, Snapshot, Targets, Timestamp
from tuf.ngclient import Updater, UpdaterConfig

from common.atomic import write_bytes
from common.clock import Clock
from common.trust.source import Source

# A site has at most a few dozen products; a list names a handful of files for each release.
LIMITS = UpdaterConfig(
    max_root_rotations=256,
    max_delegations=64,
    root_max_length=512_000,
    timestamp_max_length=16_384,
    snapshot_max_length=2_000_000,
    targets_max_length=5_000_000,
)


class Client(Updater):
    """One refresh of the trusted metadata in ``folder``.

    `asked` is the role whose metadata was asked of the source last, for the words of a refusal.
    """

    def __init__(self, folder: Path, root: bytes, source: Source, clock: Clock) -> None:
        self.asked = Root.type
        self.asked_path = ""
        super().__init__(
            metadata_dir=str(folder),
            metadata_base_url="metadata/",
            target_base_url="targets/",
            fetcher=source,
            config=LIMITS,
            bootstrap=root,
        )
        self._trusted_set.reference_time = clock.now()

    @property
    def consistent(self) -> bool:
        """Whether files carry their version or hash in their names."""
        return bool(self._trusted_set.root.consistent_snapshot)

    def trusted_files(self) -> Iterator[tuple[str, bytes]]:
        """What was verified, by the names under which a repository publishes it.

        The roots come first and the timestamp last: the order in which they may be laid out.
        """
        history = Path(self._dir, "root_history")
        roots = range(1, self._trusted_set.root.version + 1)
        for name in (f"{version}.root.json" for version in roots):
            if (history / name).exists():  # the bootstrap root need not be the first
                yield name, (history / name).read_bytes()
        for role, signed in self._trusted_set._trusted_set.items():
            if isinstance(signed, Targets | Snapshot):
                yield f"{signed.version}.{role}.json", self._load_local_metadata(role)
        yield "timestamp.json", self._load_local_metadata(Timestamp.type)

    def _download_metadata(self, rolename: str, length: int, version: int | None = None) -> bytes:
        self.asked = rolename
        prefix = "" if version is None else f"{version}."
        self.asked_path = f"metadata/{prefix}{rolename}.json"
        return super()._download_metadata(rolename, length, version)

    def _persist_file(self, filename: str, data: bytes) -> None:
        # python-tuf renames without fsync; after a power cut the file may then be empty, and
        # with it the memory of the newest version seen, which is what stops a replay.
        write_bytes(Path(filename), data)
