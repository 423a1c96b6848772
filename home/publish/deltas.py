"""The deltas among a product's signed targets: those of a new pack, and the outdated ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.version import Version
from tuf.api.metadata import Targets

from common.errors import OperatorError, RefusedError
from common.trust.delta import read_head
from common.wire.release import Manifest, delta_target, manifest_target
from home.publish.bases import manifest_in
from home.publish.target_files import TargetFiles


def deltas_in(
    pack_folder: Path, manifest: Manifest, role: Targets, files: TargetFiles
) -> dict[str, Path]:
    """The pack's deltas, by the names under which they are signed.

    Raises:
        OperatorError: one starts from a release that is not published, or leads elsewhere.
    """
    product, version, platform = manifest.product, manifest.version, manifest.platform
    by_name = {}
    for target, entry in role.targets.items():
        parts = target.split("/")
        if target == manifest_target(product, parts[1], platform):
            name = delta_target(product, version, platform, entry.hashes["sha256"])
            by_name[name] = parts[1]
    found = {}
    for path in sorted(pack_folder.glob("from-*.delta")):
        name = f"{product}/{version}/{platform}/{path.name}"
        if name not in by_name:
            raise OperatorError(
                f"{path} starts from a release of {product} that is not published here. "
                "Pack again with this home's publication, or remove the file."
            )
        base = manifest_in(files, role, product, by_name[name], platform)
        try:
            digest = read_head(path, base).digest
        except RefusedError as error:
            raise OperatorError(f"{path} is not published. {error} Pack again.") from error
        if digest != manifest.digest:
            raise OperatorError(f"{path} leads to another release. Pack again.")
        found[name] = path
    return found


def drop_outdated(role: Targets, pointers: Iterable[Mapping[str, str]]) -> None:
    """Take the deltas to releases that every channel has left behind off the list.

    Nobody goes to these any more, and a list that only grows would cost more than the deltas save.

    Args:
        role: the product's list; changed.
        pointers: of all channels: version by platform.
    """
    lowest: dict[str, Version] = {}
    for pointer in pointers:
        for platform, text in pointer.items():
            version = Version(text)
            lowest[platform] = min(lowest.get(platform, version), version)
    for target in [target for target in role.targets if target.endswith(".delta")]:
        _product, text, platform, _name = target.split("/")
        if platform in lowest and Version(text) < lowest[platform]:
            del role.targets[target]


def sweep(targets: Path, product: str, role: Targets) -> None:
    """Remove the files of deltas that `drop_outdated` took off the list which readers see now.

    The files of a release that still waits for its signatures are newer than all that is listed.
    """
    listed = {
        f"{entry.hashes['sha256']}.{target.split('/')[-1]}"
        for target, entry in role.targets.items()
        if target.endswith(".delta")
    }
    for path in targets.glob(f"{product}/*/*/*.delta"):
        release = manifest_target(product, path.parts[-3], path.parts[-2])
        if release in role.targets and path.name not in listed:
            path.unlink()
