"""Which files of a release are fetched: what this site's clients need, and no byte more.

A delta comes for each version that a client of the site runs. The full pack, a thousand times as
large, comes when some client has no use for a delta: it runs nothing yet, it is too far behind, or
it asked for the pack because its delta failed. What comes on a stick, or is pushed, comes whole:
nobody can ask that source again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path

from packaging.version import InvalidVersion, Version

from comm_server.mirror.asked import Asked
from comm_server.mirror.live import Live
from common.atomic import write_bytes
from common.errors import NotThereError, RefusedError
from common.logs import get_logger
from common.trust import Repository
from common.trust.delta import read_head
from common.trust.pack import read_pack
from common.wire.release import (
    Manifest,
    delta_target,
    manifest_target,
    pack_target,
    read_manifest,
)

log = get_logger(__name__)
# Answers the versions of (product, platform) that clients run; None for one that runs nothing yet.
Running = Callable[[str, str], Collection[str | None]]


class Cargo:
    """One offer's files.

    Args:
        repository: verified lists.
        live: what is here.
        staging: where files come first.
        fetch: brings a target into staging; answers its place, or None when it is live already.
    """

    def __init__(
        self,
        repository: Repository,
        live: Live,
        staging: Path,
        fetch: Callable[[Repository, str], Path | None],
    ) -> None:
        self._repository = repository
        self._live = live
        self._staging = staging
        self._fetch = fetch

    def bring(
        self,
        product: str,
        version: str,
        platform: str,
        *,
        running: Collection[str | None],
        whole: bool,
    ) -> None:
        """Fetch and verify what is needed of a release.

        Args:
            product: of the release.
            version: of it.
            platform: of it.
            running: the versions that clients run.
            whole: the full pack in any case.

        Raises:
            RefusedError, NetworkError, OperatorError: as `Repository.download`.
        """
        known = [_plain(base) for base in running]
        # Clients that run this version, or a later one of another channel, need nothing.
        bases = sorted({str(base) for base in known if base and base < Version(version)})
        served = [self._delta(product, version, platform, base) for base in bases]
        manifest = self._manifest(product, version, platform)
        if whole or not all(served) or None in known:
            self._pack(manifest)

    def bring_asked(self, asked: Asked) -> None:
        """Fetch what clients asked for."""
        for target in asked.waiting():
            try:
                product, version, platform, _name = target.split("/")
                if target == pack_target(product, version, platform):
                    self._pack(self._manifest(product, version, platform))
                else:
                    self._fetch(self._repository, target)
            except NotThereError:
                log.warning("mirror.not_at_the_vendor", target=target)
                asked.settle(target, absent=True)
            except RefusedError as error:
                if error.kind != "unknown":
                    raise
                asked.settle(target)  # the list is a newer one
            else:
                asked.settle(target)

    def _pack(self, manifest: Manifest) -> None:
        target = pack_target(manifest.product, manifest.version, manifest.platform)
        if fetched := self._fetch(self._repository, target):
            read_pack(fetched, manifest)

    def _manifest(self, product: str, version: str, platform: str) -> Manifest:
        self._fetch(self._repository, manifest_target(product, version, platform))
        return self._repository.manifest(product, version, platform)

    def _delta(self, product: str, version: str, platform: str, before: str) -> bool:
        """Bring the delta from a version; False when it is none to count on."""
        try:
            described = manifest_target(product, before, platform)
            _length, base = self._repository.info(described)
            target = delta_target(product, version, platform, base)
            length, _sha256 = self._repository.info(target)
            if length >= self._repository.info(pack_target(product, version, platform))[0]:
                return False
        except RefusedError as error:
            if error.kind != "unknown":
                raise
            return False
        try:
            fetched = self._fetch(self._repository, target)
        except NotThereError:
            log.warning("mirror.not_at_the_vendor", target=target)
            return False
        if fetched is None:
            return True
        return self._open(fetched, described, manifest_target(product, version, platform))

    def _open(self, delta: Path, described: str, target: str) -> bool:
        """Look into a new delta; the manifest that it brings along need not be fetched."""
        try:
            base = self._live.folder / self._repository.published_path(described)
            known = read_manifest(json.loads(base.read_bytes()))
        except FileNotFoundError:
            return True  # its hash was verified; only its base was never here
        try:
            head = read_head(delta, known)
        except RefusedError as error:
            log.warning("mirror.delta_unfit", delta=delta.name, reason=str(error))
            return False
        if head.digest != self._repository.info(target)[1]:
            log.warning("mirror.delta_unfit", delta=delta.name, reason="it leads elsewhere")
            return False
        staged = self._staging / self._repository.published_path(target)
        if not staged.exists():
            write_bytes(staged, head.manifest.to_bytes())
        return True


def _plain(version: str | None) -> Version | None:
    """What a client says that it runs; None when that is nothing, or no version."""
    try:
        return Version(version) if version else None
    except InvalidVersion:
        return None
