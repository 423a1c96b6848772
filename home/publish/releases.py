"""A pack becomes a signed release, and a release goes from channel to channel."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version
from securesystemslib.signer import Key
from tuf.api.metadata import Root, TargetFile, Targets

from common.clock import Clock
from common.errors import OperatorError, RefusedError
from common.spool import Store
from common.trust.pack import read_pack
from common.wire.release import (
    CHANNELS,
    FORMAT,
    Manifest,
    Notice,
    channel_target,
    manifest_target,
    pack_target,
    read_channel,
    read_issues,
    read_manifest,
    read_notices,
)
from common.wire.rollout import Terms, read_terms
from common.wire.signing import canonical
from home.publish.approvals import approve, entered
from home.publish.deltas import deltas_in, drop_outdated, sweep
from home.publish.publication import TOP, Publication
from home.publish.target_files import TargetFiles

_PRODUCT = re.compile(r"[a-z][a-z0-9-]{0,39}")
_MOST_REASON = 300


class Releases:
    """What a release engineer does.

    Args:
        publication: where it is signed and laid out.
        store: ``home.db``, for the approvals.
        clock: the approvals' time.
        export: file to write what must be signed to, for keys that are not here; readers see the
            change when the signed file is finished. None: the keys are here.
    """

    def __init__(
        self, publication: Publication, store: Store, clock: Clock, export: Path | None = None
    ) -> None:
        self._publication = publication
        self._files = TargetFiles(publication.targets_folder)
        self._store = store
        self._clock = clock
        self._export = export

    def add_product(self, product: str, key: Key | None = None) -> bool:
        """Give ``product`` a key and a list of its own; False when it has one.

        Raises:
            OperatorError: unfit as a name, or the offline keys are not here.
        """
        if not _PRODUCT.fullmatch(product) or product in TOP or product in CHANNELS:
            raise OperatorError(
                f"{product!r} cannot name a product. Use a to z, 0 to 9 and -, at most 40 "
                f"characters, and none of {', '.join((*TOP, *CHANNELS))}."
            )
        if product in self._publication.products():
            return False
        self._take(self._publication.with_product(product, key))
        return True

    def publish(self, pack_folder: Path, by: str) -> Manifest:
        """Sign the pack that `home.pack` made and let it into the first channel.

        Running it again after a kill ends in the same state.

        Raises:
            OperatorError: the pack does not hold what its manifest says, the version exists
                with other content, or it is not newer than the one in the channel.
        """
        manifest = _open_pack(pack_folder)
        product, version, platform = manifest.product, manifest.version, manifest.platform
        if self._export and product not in self._publication.products():
            raise OperatorError(
                f"{product} has no key yet. Add it first: `callstead home product add {product}`, "
                "and have that signed."
            )
        self.add_product(product)
        role = self._publication.role(product)
        pointer = self._pointer(role, product, CHANNELS[0])
        _refuse_older(pointer, {platform: version}, product, CHANNELS[0])
        self._refuse_noticed(product, version)
        data = manifest.to_bytes()
        described = manifest_target(product, version, platform)
        pack = pack_target(product, version, platform)
        listed = {
            described: TargetFile.from_data(described, data, ["sha256"]),
            pack: TargetFile.from_file(pack, str(pack_folder / "full.tar.zst"), ["sha256"]),
        }
        sweep(self._publication.targets_folder, product, role)
        deltas = deltas_in(pack_folder, manifest, role, self._files)
        for target, entry in listed.items():
            if target in role.targets and role.targets[target].hashes != entry.hashes:
                raise OperatorError(
                    f"{product} {version} for {platform} was published before with other content. "
                    "A version is published once: give this one a higher number."
                )
        self._files.copy(listed[pack], pack_folder / "full.tar.zst")
        for target, path in deltas.items():
            listed[target] = TargetFile.from_file(target, str(path), ["sha256"])
            self._files.copy(listed[target], path)
        self._files.write(listed[described], data)
        approval = approve(
            self._store,
            self._clock,
            product=product,
            version=version,
            channel=CHANNELS[0],
            digests={platform: manifest.digest},
            by=by,
        )
        before = dict(role.targets)
        role.targets.update(listed)
        moved = pointer | {platform: version}
        self._point(role, product, CHANNELS[0], approval, releases=moved)
        self._commit(product, role, before)
        return manifest

    def promote(
        self,
        product: str,
        version: str,
        channel: str,
        by: str,
        *,
        again: bool = False,
        terms: Terms | None = None,
    ) -> dict[str, str]:
        """Let a release into the next channel; answers the channel's pointer by platform.

        With ``again`` it is issued there once more: clients on which it failed try it again.
        ``terms`` are what every site is asked; None: what it had in the channel before this one,
        or has here already.

        Raises:
            OperatorError: there is no such release, it skipped a channel, it is not newer than
                the one there, or nobody answers for it.
        """
        version = _plain(version)
        role = self._role(product)
        before_it = CHANNELS[CHANNELS.index(channel) - 1]
        digests = self._digests(role, product, version)
        if not digests:
            raise OperatorError(f"{product} {version} was not published. Publish it first.")
        if not entered(self._store, product, version, before_it):
            raise OperatorError(
                f"{product} {version} has not been in {before_it} yet: a release goes through "
                f"{', '.join(CHANNELS)} in this order."
            )
        pointer = self._pointer(role, product, channel)
        self._refuse_noticed(product, version)
        here, before_here = (self._document(role, product, c) for c in (channel, before_it))
        issues = read_issues(here)
        known = {**before_here.get("terms", {}), **here.get("terms", {})}.get(version, {})
        asked = here.get("terms", {}) | {version: terms.checked().as_dict() if terms else known}
        moved = dict.fromkeys(digests, version)
        stays = {*(pointer | moved).values()}  # of what no platform is at, nothing is asked
        asked = {v: said for v, said in asked.items() if said and v in stays}
        if again:
            issues[version] = issues.get(version, 0) + 1
        _refuse_older(pointer, moved, product, channel)
        approval = approve(
            self._store,
            self._clock,
            product=product,
            version=version,
            channel=channel,
            digests=digests,
            by=by,
        )
        before = dict(role.targets)
        self._point(
            role, product, channel, approval,
            releases=pointer | moved, issues=issues, terms=asked,
        )  # fmt: skip
        self._commit(product, role, before)
        return pointer | moved

    def halt(self, product: str, version: str, reason: str, by: str) -> None:
        """No site begins to install ``version`` until the halt is lifted.

        Raises:
            OperatorError: there is no such release, or nobody gives a name and a reason.
        """
        self._warn(product, version, "halt", reason, by)

    def lift(self, product: str, version: str, by: str) -> None:
        """End a halt. Raises OperatorError, also when it is not halted."""
        notices = self.notices(product)
        if _plain(version) not in notices or notices[_plain(version)].withdrawn:
            raise OperatorError(
                f"{product} {version} is not halted. `callstead home status` tells how it stands."
            )
        self._warn(product, version, "lift", "", by)

    def withdraw(self, product: str, version: str, reason: str, by: str) -> None:
        """No site installs ``version`` any more, and no channel takes it. Raises OperatorError."""
        self._warn(product, version, "withdraw", reason, by)

    def notices(self, product: str) -> dict[str, Notice]:
        """What was said against versions."""
        role = self._role(product)
        found: dict[str, Notice] = {}
        for channel in CHANNELS:
            found |= read_notices(self._document(role, product, channel))
        return found

    def terms(self, product: str) -> dict[tuple[str, str], Terms]:
        """What sites are asked, by channel and version, where anything is."""
        role = self._publication.role(product)
        return {
            (channel, version): terms
            for channel in CHANNELS
            for version, terms in read_terms(self._document(role, product, channel)).items()
        }

    def _warn(self, product: str, version: str, act: str, reason: str, by: str) -> None:
        version, reason = _plain(version), " ".join(reason.split())
        role = self._role(product)
        digests = self._digests(role, product, version)
        if not digests:
            raise OperatorError(f"{product} {version} was not published.")
        if act != "lift" and not (0 < len(reason) <= _MOST_REASON and reason.isprintable()):
            raise OperatorError(
                f"Say why in one line of at most {_MOST_REASON} characters (--reason): every site "
                "reads it."
            )
        approval = approve(
            self._store, self._clock, product=product, version=version, channel=act,
            digests=digests, by=by, among=("halt", "lift", "withdraw"),
        )  # fmt: skip
        before = dict(role.targets)
        for channel in CHANNELS:
            document = self._document(role, product, channel)
            if not document:
                continue  # nothing was ever let in there
            halted, withdrawn = document.get("halted", {}), document.get("withdrawn", {})
            halted = {v: why for v, why in halted.items() if v != version}
            if act == "halt":
                halted[version] = reason
            if act == "withdraw":
                withdrawn = withdrawn | {version: reason}
            self._point(role, product, channel, approval, halted=halted, withdrawn=withdrawn)
        self._commit(product, role, before)

    def channels(self, product: str) -> dict[str, dict[str, str]]:
        """Every channel's pointer, by channel and platform."""
        role = self._publication.role(product)
        return {channel: self._pointer(role, product, channel) for channel in CHANNELS}

    def versions(self, product: str) -> dict[str, list[str]]:
        """The platforms of every published version, oldest version first."""
        found: dict[str, list[str]] = {}
        for target in self._publication.role(product).targets:
            if target.endswith("/manifest.json"):
                _product, version, platform, _name = target.split("/")
                found.setdefault(version, []).append(platform)
        return {version: sorted(found[version]) for version in sorted(found, key=Version)}

    def _digests(self, role: Targets, product: str, version: str) -> dict[str, str]:
        """The sha256 of the version's manifests by platform, which is each one's digest."""
        return {
            target.split("/")[2]: entry.hashes["sha256"]
            for target, entry in sorted(role.targets.items())
            if target.startswith(f"{product}/{version}/") and target.endswith("/manifest.json")
        }

    def _pointer(self, role: Targets, product: str, channel: str) -> dict[str, str]:
        document = self._document(role, product, channel)
        return read_channel(document, product, channel) if document else {}

    def _document(self, role: Targets, product: str, channel: str) -> dict[str, Any]:
        """The channel's pointer as it was signed; empty when there is none."""
        entry = role.targets.get(channel_target(product, channel))
        return dict(json.loads(self._files.read(entry))) if entry else {}

    def _point(
        self, role: Targets, product: str, channel: str, approval: str, **changed: dict[str, Any]
    ) -> None:
        """List the channel's pointer with these fields changed; empty ones are left out."""
        fields = self._document(role, product, channel) | changed
        document = {name: value for name, value in fields.items() if value} | {
            "format": FORMAT,
            "product": product,
            "channel": channel,
            "releases": fields["releases"],
            "approval": approval,
        }
        target = channel_target(product, channel)
        entry = TargetFile.from_data(target, canonical(document), ["sha256"])
        self._files.write(entry, canonical(document))
        role.targets[target] = entry

    def _role(self, product: str) -> Targets:
        if product not in self._publication.products():
            raise OperatorError(
                f"There is no product {product!r}. `callstead home status` lists them."
            )
        return self._publication.role(product)

    def _refuse_noticed(self, product: str, version: str) -> None:
        notice = self.notices(product).get(version)
        if notice and notice.withdrawn:
            raise OperatorError(
                f"{product} {version} was withdrawn ({notice.reason}): no channel takes it. Give "
                "what is mended a higher number."
            )
        if notice:
            raise OperatorError(
                f"{product} {version} is halted ({notice.reason}). End that first: "
                f"`callstead home halt {product} {version} --lift`."
            )

    def _commit(self, product: str, role: Targets, before: dict[str, TargetFile]) -> None:
        if role.targets != before:
            drop_outdated(role, [self._pointer(role, product, name) for name in CHANNELS])
            self._take({product: role})

    def _take(self, changed: dict[str, Root | Targets]) -> None:
        if self._export:
            self._publication.export(changed, self._export)
        else:
            self._publication.commit(changed)


def _open_pack(folder: Path) -> Manifest:
    try:
        manifest = read_manifest(json.loads((folder / "manifest.json").read_bytes()))
        read_pack(folder / "full.tar.zst", manifest)
    except (OSError, ValueError) as error:
        raise OperatorError(
            f"{folder} holds no pack ({error}). Make it with `callstead home pack`."
        ) from error
    except RefusedError as error:
        raise OperatorError(f"{folder} is not published. {error} Pack it again.") from error
    return manifest


def _refuse_older(
    pointer: dict[str, str], moved: dict[str, str], product: str, channel: str
) -> None:
    for platform, version in moved.items():
        now = pointer.get(platform)
        if now and Version(version) < Version(now):
            raise OperatorError(
                f"The channel {channel} of {product} is at {now} for {platform}; {version} is not "
                "newer. To go back, publish the old content under a higher number."
            )


def _plain(version: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion as error:
        raise OperatorError(f"{version!r} is not a version. Write it like 1.0.1.") from error
