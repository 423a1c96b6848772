"""Until when the lists that a machine has hold; read from disk, with nothing asked of anyone.

The files were verified before they were written; this only tells their dates to people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tuf.api.exceptions import StorageError
from tuf.api.metadata import Metadata, Snapshot, Timestamp
from tuf.api.serialization import DeserializationError

from common.trust.refusals import name_of


@dataclass(frozen=True)
class Expiry:
    """The list that passes its date first.

    Attributes:
        role: its role.
        at: when; from then on nothing new is installed until a newer one comes.
    """

    role: str
    at: datetime

    @property
    def what(self) -> str:
        """The list, for people."""
        return f"The vendor's {name_of(self.role)}"


def of_memory(folder: Path) -> Expiry | None:
    """Of a reader's own folder of trusted metadata; None while it has seen nothing."""
    if not (folder / "timestamp.json").exists():
        return None
    return _first(_read(path) for path in folder.glob("*.json"))


def of_published(folder: Path) -> Expiry | None:
    """Of a repository's ``metadata``, e.g. the mirror's; None while there is nothing."""
    timestamp = _read(folder / "timestamp.json")
    if timestamp is None or not isinstance(timestamp, Timestamp):
        return None
    return _first(_of_state(folder, timestamp))


def _of_state(folder: Path, timestamp: Timestamp) -> Iterator[Any]:
    yield timestamp
    roots = sorted(folder.glob("*.root.json"), key=lambda path: int(path.name.split(".", 1)[0]))
    if roots:
        yield _read(roots[-1])
    snapshot = _read(folder / f"{timestamp.snapshot_meta.version}.snapshot.json")
    if isinstance(snapshot, Snapshot):
        yield snapshot
        for name, meta in snapshot.meta.items():
            yield _Named(name.removesuffix(".json"), _read(folder / f"{meta.version}.{name}"))


@dataclass(frozen=True)
class _Named:
    type: str
    signed: Any

    @property
    def expires(self) -> datetime | None:
        return self.signed.expires if self.signed else None


def _first(signed: Iterator[Any]) -> Expiry | None:
    found = [one for one in signed if one is not None and one.expires is not None]
    if not found:
        return None
    first = min(found, key=lambda one: one.expires)
    return Expiry(first.type, first.expires)


def _read(path: Path) -> Any:
    try:
        return Metadata.from_file(str(path)).signed
    except (StorageError, DeserializationError):
        return None
