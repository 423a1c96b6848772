"""What a push holds: the newest lists, and the files of every release that a channel points to."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tuf.api.metadata import TargetFile

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
    """Every file of a push, in the order in which they go: ``timestamp.json`` is the last."""
    lists = list(_lists(publication))
    targets: dict[str, Item] = {}
    files = TargetFiles(publication.targets_folder)
    for product in publication.products():
        listed = publication.role(product).targets
        for entry in _wanted(product, listed, files):
            place = files.path(entry)
            path = f"targets/{place.relative_to(publication.targets_folder).as_posix()}"
            targets[path] = Item(path, entry.length, place)
    return [*targets.values(), *lists]


def _wanted(
    product: str, listed: dict[str, TargetFile], files: TargetFiles
) -> Iterator[TargetFile]:
    folders: set[str] = set()
    for target, entry in sorted(listed.items()):
        if target.startswith(f"{product}/channels/"):
            yield entry
            releases = json.loads(files.read(entry)).get("releases", {})
            folders |= {f"{product}/{version}/{on}" for on, version in releases.items()}
    for target, entry in sorted(listed.items()):
        if target.rpartition("/")[0] in folders:
            yield entry


def _lists(publication: Publication) -> Iterator[Item]:
    names = [f"{n}.root.json" for n in range(1, publication.root().version + 1)]
    timestamp = publication.timestamp()
    names.append(f"{timestamp.snapshot_meta.version}.snapshot.json")
    names += [f"{meta.version}.{name}" for name, meta in publication.snapshot().meta.items()]
    for name in _there(publication, [*names, "timestamp.json"]):
        data = (publication.metadata / name).read_bytes()
        yield Item(f"metadata/{name}", len(data), data=data)


def _there(publication: Publication, names: Iterable[str]) -> Iterator[str]:
    # A home that was moved may lack its first roots; sites that have them follow all the same.
    return (name for name in names if (publication.metadata / name).exists())
