"""``live/``: what clients read over HTTP, and the memory of the newest state seen."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection
from pathlib import Path

from tuf.api.exceptions import StorageError
from tuf.api.metadata import Metadata, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from common.atomic import fsync_folder, sweep_parts, write_bytes
from common.logs import get_logger

log = get_logger(__name__)
# Up to here a file's bytes are looked at, not only its size.
_MOST_HASHED = 2**20


class Live:
    """The folder with ``metadata`` and ``targets``.

    The state is what ``timestamp.json`` leads to; it is replaced last, so that a reader finds the
    old state or the new one. Other files do no harm.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._metadata = folder / "metadata"

    def seed(self, trusted: Path) -> None:
        """Copy the state into ``trusted`` in python-tuf's layout, as memory against replays."""
        history = trusted / "root_history"
        history.mkdir(parents=True)
        for root in self._metadata.glob("*.root.json"):
            shutil.copyfile(root, history / root.name)
        try:
            timestamp = Metadata[Timestamp].from_bytes(self._copy("timestamp.json", trusted))
            number = timestamp.signed.snapshot_meta.version
            data = self._copy(f"{number}.snapshot.json", trusted, "snapshot.json")
            for name, meta in Metadata[Snapshot].from_bytes(data).signed.meta.items():
                if (self._metadata / f"{meta.version}.{name}").exists():
                    self._copy(f"{meta.version}.{name}", trusted, name)
        except FileNotFoundError:
            return  # nothing was accepted yet
        except DeserializationError as error:
            # The next accepted offer mends it; until then there is less memory against replays.
            log.error("mirror.live_damaged", folder=str(self.folder), error=str(error))  # noqa: TRY400 - no traceback needed: it is a finding about a file

    def holds(self, path: str, length: int, sha256: str) -> bool:
        """Whether the published file ``targets/…`` is here."""
        file = self.folder / path
        try:
            if file.stat().st_size != length:
                return False
        except FileNotFoundError:
            return False
        # A large file came in by a rename after it was verified and durable.
        return length > _MOST_HASHED or hashlib.sha256(file.read_bytes()).hexdigest() == sha256

    def listed_sha256(self, target: str) -> str | None:
        """The hash under which the lists that are live name ``target``, if they do."""
        found = listed_targets(self.folder, target.split("/", 1)[0]).get(target)
        return found.hashes.get("sha256") if found else None

    def has(self, staged: Path) -> bool:
        """Whether all these lists are live as they are."""
        return all(_same(path, self._metadata / path.name) for path in staged.iterdir())

    def take_targets(self, staged: Path) -> None:
        """Move every file below ``staged`` to its place; files that are there are replaced."""
        for file in sorted(staged.rglob("*")):
            if file.is_file() and not file.name.endswith(".part"):
                place = self.folder / "targets" / file.relative_to(staged)
                place.parent.mkdir(parents=True, exist_ok=True)
                file.replace(place)
                self._make_durable(place.parent)

    def take_metadata(self, staged: Path) -> None:
        """Lay out the lists, new roots after them, and ``timestamp.json`` last."""
        self._metadata.mkdir(parents=True, exist_ok=True)
        self._make_durable(self._metadata)
        sweep_parts(self._metadata)
        names = [path.name for path in staged.iterdir() if path.suffix == ".json"]
        for name in sorted(names, key=_rank):
            if not _same(staged / name, self._metadata / name):
                write_bytes(self._metadata / name, (staged / name).read_bytes())

    def let_go(self, product: str, pointed: Collection[str], running: Collection[str]) -> None:
        """Remove what nobody goes to or comes from any more.

        Args:
            product: whose files.
            pointed: the versions that channels point to; packs and deltas to others go.
            running: the versions that deltas start from; their manifests stay too.
        """
        for file in (self.folder / "targets" / product).glob("*/*/*"):
            version = file.parts[-3]
            is_manifest = file.name.endswith(".manifest.json")
            if version not in pointed and not (is_manifest and version in running):
                file.unlink()

    def _copy(self, name: str, trusted: Path, as_name: str = "") -> bytes:
        data = (self._metadata / name).read_bytes()
        (trusted / (as_name or name)).write_bytes(data)
        return data

    def _make_durable(self, folder: Path) -> None:
        while folder != self.folder.parent:
            fsync_folder(folder)
            folder = folder.parent


def listed_targets(live: Path, product: str) -> dict[str, TargetFile]:
    """What the list of ``product`` that is live names; nothing when there is none yet."""
    folder = live / "metadata"
    try:
        timestamp = Metadata[Timestamp].from_file(str(folder / "timestamp.json")).signed
        number = timestamp.snapshot_meta.version
        snapshot = Metadata[Snapshot].from_file(str(folder / f"{number}.snapshot.json")).signed
        listed = snapshot.meta[f"{product}.json"].version
        role = Metadata[Targets].from_file(str(folder / f"{listed}.{product}.json")).signed
    except (StorageError, KeyError, DeserializationError):
        return {}
    return role.targets


def _same(staged: Path, place: Path) -> bool:
    return place.exists() and place.read_bytes() == staged.read_bytes()


def _rank(name: str) -> tuple[int, int, str]:
    """A reader finds a new root by itself, before the timestamp: so these two come together."""
    if name == "timestamp.json":
        return 2, 0, name
    if name.endswith(".root.json"):
        return 1, int(name.split(".", 1)[0]), name
    return 0, 0, name
