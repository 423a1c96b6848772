"""What a push holds: the newest lists, and the files of every release that a channel points to."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tuf.api.metadata import Metadata, Snapshot, TargetFile, Targets, Timestamp

from common.errors import OperatorError
from home.publish.publication import Publication
from home.publish.target_files import TargetFiles


@dataclass(frozen=True)
class Item:
    """One file of a push.

    Attributes:
        path: below the inbox, as below the publication.
        size: bytes.
        file: where it lies here; None when ``data`` is all of it.
        data: lists are kept as they were when the push began, whatever is signed meanwhile.
    """

    path: str
    size: int
    file: Path | None = None
    data: bytes = b""

    @property
    def replaces(self) -> bool:
        """Whether it takes the place of an older file of the same name."""
        return self.path == "metadata/timestamp.json"

    def open(self) -> BinaryIO:
        """Its bytes. Raises OperatorError."""
        if self.file is None:
            return io.BytesIO(self.data)
        try:
            return self.file.open("rb")
        except OSError as error:
            raise OperatorError(
                f"{self.file} cannot be read ({error.strerror}). Something was published "
                "meanwhile, perhaps: push again."
            ) from error


def contents(publication: Publication) -> list[Item]:
    """Every file of a push, in the order in which they go: ``timestamp.json`` is the last.

    All of it is of one state, whatever is published meanwhile. Raises OperatorError.
    """
    lists = _lists(publication)
    targets: dict[str, Item] = {}
    files = TargetFiles(publication.targets_folder)
    for item in lists:
        signed = Metadata.from_bytes(item.data).signed
        if isinstance(signed, Targets):
            for entry in _wanted(signed.targets, files):
                place = files.path(entry)
                path = f"targets/{place.relative_to(publication.targets_folder).as_posix()}"
                targets[path] = Item(path, entry.length, place)
    return [*targets.values(), *lists]


def _wanted(listed: dict[str, TargetFile], files: TargetFiles) -> Iterator[TargetFile]:
    """The channels' pointers, and all files of the releases that they point to."""
    folders: set[str] = set()
    for target, entry in sorted(listed.items()):
        product, kind, *_rest = target.split("/")
        if kind == "channels":
            yield entry
            releases = json.loads(files.read(entry))["releases"]
            folders |= {f"{product}/{version}/{on}" for on, version in releases.items()}
    for target, entry in sorted(listed.items()):
        if target.rpartition("/")[0] in folders:
            yield entry


def _lists(publication: Publication) -> list[Item]:
    """The lists of one state; lists carry their version in their name, and never change."""
    last = _list(publication, "timestamp.json")
    timestamp = Metadata[Timestamp].from_bytes(last.data).signed
    snapshot = _list(publication, f"{timestamp.snapshot_meta.version}.snapshot.json")
    meta = Metadata[Snapshot].from_bytes(snapshot.data).signed.meta
    roots = sorted(
        (path.name for path in publication.metadata.glob("*.root.json")),
        key=lambda name: int(name.split(".", 1)[0]),
    )
    names = [*roots, *(f"{one.version}.{name}" for name, one in sorted(meta.items()))]
    return [*(_list(publication, name) for name in names), snapshot, last]


def _list(publication: Publication, name: str) -> Item:
    try:
        data = (publication.metadata / name).read_bytes()
    except OSError as error:
        raise OperatorError(
            f"{publication.metadata / name} cannot be read ({error.strerror}). Restore the home "
            "from its backup."
        ) from error
    return Item(f"metadata/{name}", len(data), data=data)
