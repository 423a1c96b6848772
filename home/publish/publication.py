"""The TUF repository that sites fetch, as it lies in ``publication/``.

The state is what ``timestamp.json`` leads to. Whatever else lies there was left by a run that was
killed before it replaced that file; nobody was told of it, and the next run writes over it. The
one exception is root, which readers find by counting up: it is written first, and holds at once.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import StorageError
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    Targets,
    Timestamp,
)
from tuf.api.serialization import DeserializationError

from common.atomic import write_bytes
from common.clock import Clock
from common.errors import OperatorError
from common.wire.release import delegated_paths
from home.keys import ROOTS, KeyFolder
from home.settings import PublishSettings

ROOT_THRESHOLD = 2
TOP = ("root", "targets", "snapshot", "timestamp")


class Publication:
    """Reads and signs the roles. One process at a time; see `home.publish.lock`.

    Args:
        folder: holds ``metadata`` and ``targets``.
        keys: the vendor's; which ones are needed depends on the method.
        settings: how long signatures hold.
        clock: the signatures' time.
    """

    def __init__(
        self, folder: Path, keys: KeyFolder, settings: PublishSettings, clock: Clock
    ) -> None:
        self.metadata = folder / "metadata"
        self.targets_folder = folder / "targets"
        self._keys = keys
        self._settings = settings
        self._clock = clock

    @property
    def exists(self) -> bool:
        """Whether a reader finds something here."""
        return (self.metadata / "timestamp.json").exists()

    def initialise(self) -> None:
        """Sign the first state: no product yet. Goes on where a killed run ended."""
        self.targets_folder.mkdir(parents=True, exist_ok=True)
        if not (self.metadata / "1.root.json").exists():
            root = Root(consistent_snapshot=True)
            for name in ROOTS:
                root.add_key(self._keys.offline(name).public_key, "root")
            root.add_key(self._keys.offline("targets").public_key, "targets")
            for role in ("snapshot", "timestamp"):
                root.add_key(self._keys.online(role).public_key, role)
            root.roles["root"].threshold = ROOT_THRESHOLD
            self._lay_root(root, 1)
        self.commit({"targets": Targets()})

    def root(self) -> Root:
        """The newest list of trusted keys. Raises OperatorError."""
        versions = [int(path.name.split(".", 1)[0]) for path in self.metadata.glob("*.root.json")]
        if not versions:
            raise _missing(self.metadata)
        return cast("Root", self._read(f"{max(versions)}.root.json"))

    def timestamp(self) -> Timestamp:
        """Raises OperatorError, as all readers here."""
        return cast("Timestamp", self._read("timestamp.json"))

    def snapshot(self) -> Snapshot:
        """The snapshot that the timestamp leads to."""
        version = self.timestamp().snapshot_meta.version
        return cast("Snapshot", self._read(f"{version}.snapshot.json"))

    def role(self, name: str) -> Targets:
        """``targets``, or a product's list of releases."""
        version = self.snapshot().meta[f"{name}.json"].version
        return cast("Targets", self._read(f"{version}.{name}.json"))

    def products(self) -> list[str]:
        """Every product that has a key of its own."""
        delegations = self.role("targets").delegations
        return sorted((delegations and delegations.roles) or {})

    def with_product(self, product: str) -> dict[str, Targets]:
        """The roles to `commit` so that ``product`` may be released; makes its key."""
        self._keys.create_product(product)
        key = self._keys.offline(f"product-{product}").public_key
        targets = self.role("targets")
        delegations = targets.delegations or Delegations({}, {})
        roles = delegations.roles or {}
        roles[product] = DelegatedRole(
            product, [key.keyid], 1, terminating=True, paths=delegated_paths(product)
        )
        targets.delegations = Delegations(delegations.keys | {key.keyid: key}, roles)
        return {"targets": targets, product: Targets()}

    def commit(self, changed: dict[str, Targets]) -> None:
        """Sign ``changed`` as the next state, and make it the one that readers see.

        Needs the offline keys of what changed. Killed anywhere, the old state stands.
        """
        if self.exists:
            changed = self._with_what_ages(changed)
            old = self.snapshot()
            meta, version = dict(old.meta), old.version
        else:
            meta, version = {}, 0
        for name, role in changed.items():
            before = meta.get(f"{name}.json")
            days = self._settings.targets_days if name == "targets" else self._settings.product_days
            signer = self._keys.offline("targets" if name == "targets" else f"product-{name}")
            role.version = before.version + 1 if before else 1
            meta[f"{name}.json"] = self._lay(name, role, [signer], days)
        self._announce(meta, version + 1)

    def freshen(self, *, force: bool = False) -> list[str]:
        """Sign snapshot and timestamp again with the online keys, when half of their life is over.

        Args:
            force: sign them whatever their age.

        Returns:
            The roles that were signed.
        """
        snapshot, timestamp = self.snapshot(), self.timestamp()
        if force or self._is_old(snapshot.expires, self._settings.snapshot_days):
            self._announce(dict(snapshot.meta), snapshot.version + 1)
            return ["snapshot", "timestamp"]
        if self._is_old(timestamp.expires, self._settings.timestamp_days):
            self._lay_timestamp(timestamp.snapshot_meta)
            return ["timestamp"]
        return []

    def _with_what_ages(self, changed: dict[str, Targets]) -> dict[str, Targets]:
        """The offline keys are at hand: renew at once whatever is past half of its life."""
        root = self.root()
        if self._is_old(root.expires, self._settings.root_days):
            self._lay_root(root, root.version + 1)
        for name in ("targets", *self.products()):
            days = self._settings.targets_days if name == "targets" else self._settings.product_days
            if name not in changed and self._is_old((role := self.role(name)).expires, days):
                changed = changed | {name: role}
        return changed

    def _is_old(self, expires: datetime, days: float) -> bool:
        return expires - self._clock.now() < timedelta(days=days / 2)

    def _announce(self, meta: dict[str, MetaFile], version: int) -> None:
        snapshot = Snapshot(meta=meta, version=version)
        signer = self._keys.online("snapshot")
        self._lay_timestamp(self._lay("snapshot", snapshot, [signer], self._settings.snapshot_days))

    def _lay_timestamp(self, snapshot: MetaFile) -> None:
        version = self.timestamp().version + 1 if self.exists else 1
        timestamp = Timestamp(snapshot_meta=snapshot, version=version)
        signer = self._keys.online("timestamp")
        self._lay("timestamp", timestamp, [signer], self._settings.timestamp_days)

    def _lay_root(self, root: Root, version: int) -> None:
        root.version = version
        threshold = root.roles["root"].threshold
        self._lay("root", root, self._keys.roots(threshold), self._settings.root_days)

    def _lay(self, name: str, signed: Any, signers: list[CryptoSigner], days: float) -> MetaFile:
        signed.expires = self._clock.now().replace(microsecond=0) + timedelta(days=days)
        metadata: Metadata[Any] = Metadata(signed)
        for signer in signers:
            metadata.sign(signer, append=True)
        data = metadata.to_bytes()
        prefix = "" if name == "timestamp" else f"{signed.version}."
        write_bytes(self.metadata / f"{prefix}{name}.json", data)
        return MetaFile(signed.version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})

    def _read(self, name: str) -> Any:
        try:
            return Metadata.from_file(str(self.metadata / name)).signed
        except StorageError as error:
            raise _missing(self.metadata / name) from error
        except DeserializationError as error:
            raise OperatorError(
                f"{self.metadata / name} is damaged. Restore the home from its backup."
            ) from error


def _missing(path: Path) -> OperatorError:
    return OperatorError(
        f"There is no {path}. Make the home with `callstead home init`, "
        "or restore it from its backup."
    )
