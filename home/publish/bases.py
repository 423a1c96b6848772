"""The published releases that deltas start from."""

from __future__ import annotations

import json

from packaging.version import Version
from tuf.api.metadata import Targets

from common.errors import OperatorError, RefusedError
from common.wire.release import Manifest, manifest_target, pack_target, read_manifest
from home.deltas import Base
from home.publish.publication import Publication
from home.publish.target_files import TargetFiles


def bases_of(
    publication: Publication, product: str, version: str, platform: str, most: int
) -> list[Base]:
    """The ``most`` newest releases below ``version``, newest first; none before the first one.

    Raises:
        OperatorError: the publication is damaged.
    """
    if not publication.exists or product not in publication.products() or not most:
        return []
    role = publication.role(product)
    files = TargetFiles(publication.targets_folder)
    before = [older for older in _versions(role, platform) if Version(older) < Version(version)]
    newest = sorted(before, key=Version, reverse=True)[:most]
    return [
        Base(
            manifest_in(files, role, product, older, platform),
            files.path(role.targets[pack_target(product, older, platform)]),
        )
        for older in newest
    ]


def manifest_in(
    files: TargetFiles, role: Targets, product: str, version: str, platform: str
) -> Manifest:
    """The manifest of a published release. Raises OperatorError."""
    entry = role.targets[manifest_target(product, version, platform)]
    try:
        return read_manifest(json.loads(files.read(entry)))
    except (ValueError, RefusedError) as error:
        raise OperatorError(
            f"{files.path(entry)} is damaged ({error}). Restore the home from its backup."
        ) from error


def _versions(role: Targets, platform: str) -> list[str]:
    targets = [target.split("/") for target in role.targets]
    return [t[1] for t in targets if t[2:] == [platform, "manifest.json"]]
