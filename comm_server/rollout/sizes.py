"""How many bytes a client will fetch: read from the lists that the mirror has verified."""

from __future__ import annotations

from pathlib import Path

from comm_server.mirror.live import listed_targets
from common.wire.release import delta_target, manifest_target, pack_target


class Sizes:
    """Sizes of one product's packs and deltas, as its list says.

    Args:
        live: the mirror's folder with ``metadata``.
        product: the product.
    """

    def __init__(self, live: Path, product: str) -> None:
        self._product = product
        self._targets = listed_targets(live, product)

    def of(self, version: str, platform: str, base: str | None) -> int | None:
        """Bytes from ``base`` (a version, or None) to ``version``; None when it is not listed."""
        full = self._length(pack_target(self._product, version, platform))
        known = self._targets.get(manifest_target(self._product, base or "", platform))
        delta = None
        if known is not None:  # a manifest's hash is the digest of its release
            name = delta_target(self._product, version, platform, known.hashes["sha256"])
            delta = self._length(name)
        return min((size for size in (full, delta) if size is not None), default=None)

    def _length(self, target: str) -> int | None:
        found = self._targets.get(target)
        return found.length if found else None
