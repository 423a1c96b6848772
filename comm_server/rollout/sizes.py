"""How many bytes a client will fetch: read from the lists that the mirror has verified."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from comm_server.mirror.live import listed_targets
from common.wire.release import delta_target, manifest_target, pack_target


@dataclass(frozen=True)
class Wanted:
    """A pack or a delta: its bytes, and whether the mirror has fetched it."""

    name: str
    length: int
    here: bool


class Sizes:
    """Sizes of one product's packs and deltas, as its list says.

    Args:
        live: the mirror's folder with ``metadata`` and ``targets``.
        product: the product.
    """

    def __init__(self, live: Path, product: str) -> None:
        self._product = product
        self._live = live
        self._targets = listed_targets(live, product)

    def of(self, version: str, platform: str, base: str | None) -> Wanted | None:
        """What leads from ``base`` (a version, or None) to ``version``; None: it is not listed."""
        names = [pack_target(self._product, version, platform)]
        known = self._targets.get(manifest_target(self._product, base or "", platform))
        if known is not None:  # a manifest's hash is the digest of its release
            digest = known.hashes["sha256"]
            names.append(delta_target(self._product, version, platform, digest))
        found = [self._wanted(name) for name in names if name in self._targets]
        return min(found, key=lambda one: one.length, default=None)

    def _wanted(self, name: str) -> Wanted:
        target = self._targets[name]
        folder, _, file = name.rpartition("/")
        place = self._live / "targets" / folder / f"{target.hashes['sha256']}.{file}"
        return Wanted(name, target.length, place.exists())
