"""The signed answer to a site: which of its bundles have arrived, what of it is resolved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.atomic import write_json
from common.clock import Clock, stamp
from common.spool import Store
from common.wire.signing import sign
from home.inbox.chain import missing
from home.inbox.decisions import last_decision, resolved

FORMAT = 1
# A site has far fewer unacknowledged bundles than this; more would only make the file grow.
MOST_ACKNOWLEDGED = 200


def statement(store: Store, site: str, clock: Clock) -> dict[str, Any]:
    """What has arrived of ``site``: the last ones heard of, again or first."""
    rows = store.rows(
        "SELECT sequence, sha256 FROM bundles WHERE site = ? "
        "ORDER BY heard_again_at DESC, id DESC LIMIT ?",
        [site, MOST_ACKNOWLEDGED],
    )
    return {
        "format": FORMAT,
        "site": site,
        "acknowledged": sorted(rows, key=lambda row: (row["sequence"], row["sha256"])),
        "missing": missing(store, site),
        "resolved": resolved(store, site),
        "resolved_as_of": last_decision(store),
        "at": stamp(clock.now()),
    }


class Acknowledger:
    """Writes ``<folder>/<site>.json``, whole or not at all.

    Args:
        folder: ``<home data>/acks``.
        key: the home's acknowledgement key; its public half is in every kit.
    """

    def __init__(self, folder: Path, store: Store, key: Ed25519PrivateKey, clock: Clock) -> None:
        self.folder = folder
        self._store = store
        self._key = key
        self._clock = clock

    def write(self, site: str) -> Path:
        """Sign and publish the answer to one site. Raises OSError."""
        path = self.folder / f"{site}.json"
        write_json(path, sign(statement(self._store, site, self._clock), self._key))
        return path

    def write_all(self) -> None:
        """Every site that is enrolled; heals what a kill between commit and writing left."""
        for row in self._store.rows("SELECT id FROM sites WHERE public_key IS NOT NULL"):
            self.write(row["id"])
