"""The TUF repository that sites fetch, as it lies in ``publication/``.

The state is what ``timestamp.json`` leads to. Whatever else lies there was left by a run that was
killed before it replaced that file; nobody was told of it, and the next run writes over it. The
one exception is root, which readers find by counting up. It is written last: what it must verify is
there by then, signed by the keys of before and by those that follow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from securesystemslib.signer import Key
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
from home.keys import NAME, ONLINE_ROLES, ROOTS, KeyFolder
from home.publish.draft import Draft, signer_names
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
            for name in (*ROOTS, "targets"):
                role = "root" if name in ROOTS else name
                root.add_key(self._keys.public(f"offline/{name}"), role)
            for name in ONLINE_ROLES:
                root.add_key(self._keys.public(f"online/{name}"), name)
            root.roles["root"].threshold = ROOT_THRESHOLD
            self.commit({"root": root})
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

    def with_product(self, product: str, key: Key | None = None) -> dict[str, Root | Targets]:
        """The roles to `commit` so that ``product`` may be released.

        Its key is made here, unless the public half of one that lies elsewhere is given.
        """
        if key is None:
            self._keys.create_product(product)
            key = self._keys.public(f"offline/product-{product}")
        else:
            key.unrecognized_fields[NAME] = f"product-{product}"
        targets = self.role("targets")
        delegations = targets.delegations or Delegations({}, {})
        roles = delegations.roles or {}
        roles[product] = DelegatedRole(
            product, [key.keyid], 1, terminating=True, paths=delegated_paths(product)
        )
        targets.delegations = Delegations(delegations.keys | {key.keyid: key}, roles)
        return {"targets": targets, product: Targets()}

    def commit(self, changed: Mapping[str, Root | Targets]) -> None:
        """Sign ``changed`` as the next state, and make it the one that readers see.

        Needs the offline keys of what changed. Killed anywhere, the old state stands.
        """
        self.finish(self._signed(changed))

    def export(self, changed: Mapping[str, Root | Targets], file: Path) -> Draft:
        """Write ``changed`` to ``file``, signed by the keys that are here; readers see nothing yet.

        Others add their signatures to the file, and `finish` takes it. Raises OperatorError.
        """
        draft = self._signed(changed)
        draft.write(file)
        return draft

    def _signed(self, changed: Mapping[str, Root | Targets]) -> Draft:
        draft = self.draft(changed)
        draft.sign(self._keys)
        return draft

    def draft(self, changed: Mapping[str, Root | Targets]) -> Draft:
        """``changed`` as the next state, not signed by anyone yet."""
        if self.exists and "root" not in changed:
            changed = self._with_what_ages(dict(changed))
        meta = self.snapshot().meta if self.exists else {}
        now = self._now(changed, meta)
        coming: dict[str, Metadata[Any]] = {}
        for name, role in changed.items():
            if name == "root":
                role.version = self.root().version + 1 if "root" in now else 1
            else:
                role.version = now[name].signed.version + 1 if name in now else 1
            role.expires = self._in_days(self._days(name))
            coming[name] = Metadata(role)
        return Draft(now, coming)

    def finish(self, draft: Draft) -> None:
        """Make a signed draft the state that readers see, with the online keys alone.

        Raises:
            OperatorError: signatures are missing, or it was made of another state than this one.
        """
        old = self.snapshot() if self.exists else None
        meta = dict(old.meta) if old else {}
        # Whoever carried the file could also change what it says of the state before.
        draft = Draft(self._now(draft.coming, meta), draft.coming)
        draft.check()
        root, roles = draft.root(), draft.lists()
        self._refuse_another_base(draft, meta)
        if roles or (old and draft.changes_online_keys):
            for name, metadata in roles.items():
                meta[f"{name}.json"] = self._write(name, metadata)
            self._announce(meta, old.version + 1 if old else 1)
        if root:
            self._write("root", root)
        self.settle()

    def _now(self, names: Iterable[str], meta: Mapping[str, MetaFile]) -> dict[str, Metadata[Any]]:
        """Root, targets, and those of ``names`` that there are, as they stand."""
        now: dict[str, Metadata[Any]] = {}
        if any(self.metadata.glob("*.root.json")):
            now["root"] = self._whole(f"{self.root().version}.root.json")
        for name in {"targets", *names} - {"root"}:
            if before := meta.get(f"{name}.json"):
                now[name] = self._whole(f"{before.version}.{name}.json")
        return now

    def settle(self) -> None:
        """New keys that the lists name take the places of the old ones."""
        keyids = set(self.root().keys)
        if self.exists and (delegations := self.role("targets").delegations):
            keyids |= set(delegations.keys)
        self._keys.settle(keyids)

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

    def _with_what_ages(self, changed: dict[str, Root | Targets]) -> dict[str, Root | Targets]:
        """Renew at once whatever is past half of its life, when its keys are at hand."""
        root = self.root()
        roles = {name: self.role(name) for name in ("targets", *self.products())}
        for name, role in ({"root": root} | roles).items():
            threshold = root.roles["root"].threshold if name == "root" else 1
            names = signer_names(name, root)
            if (
                name not in changed
                and self._is_old(role.expires, self._days(name))
                and len(self._keys.offline_signers(names)) >= threshold
            ):
                changed |= {name: role}
        return changed

    def _refuse_another_base(self, draft: Draft, meta: Mapping[str, MetaFile]) -> None:
        for name, metadata in draft.coming.items():
            if name == "root":
                here = self.root().version if any(self.metadata.glob("*.root.json")) else 0
            else:
                here = meta[f"{name}.json"].version if f"{name}.json" in meta else 0
            if metadata.signed.version != here + 1:
                raise OperatorError(
                    f"This was made for version {metadata.signed.version} of {name}, but {here} "
                    "is the newest here: something else was published since. Export it again."
                )

    def _days(self, name: str) -> float:
        if name in {"root", "targets", "snapshot", "timestamp"}:
            return float(getattr(self._settings, f"{name}_days"))
        return self._settings.product_days

    def _in_days(self, days: float) -> datetime:
        return self._clock.now().replace(microsecond=0) + timedelta(days=days)

    def _is_old(self, expires: datetime, days: float) -> bool:
        return expires - self._clock.now() < timedelta(days=days / 2)

    def _announce(self, meta: dict[str, MetaFile], version: int) -> None:
        snapshot = Snapshot(
            meta=meta, version=version, expires=self._in_days(self._days("snapshot"))
        )
        self._lay_timestamp(self._sign_online("snapshot", snapshot))

    def _lay_timestamp(self, snapshot: MetaFile) -> None:
        version = self.timestamp().version + 1 if self.exists else 1
        expires = self._in_days(self._days("timestamp"))
        self._sign_online("timestamp", Timestamp(version, None, expires, snapshot))

    def _sign_online(self, name: str, signed: Snapshot | Timestamp) -> MetaFile:
        metadata: Metadata[Any] = Metadata(signed)
        for signer in self._keys.online_signers(name):
            metadata.sign(signer, append=True)
        return self._write(name, metadata)

    def _write(self, name: str, metadata: Metadata[Any]) -> MetaFile:
        data = metadata.to_bytes()
        version = metadata.signed.version
        prefix = "" if name == "timestamp" else f"{version}."
        write_bytes(self.metadata / f"{prefix}{name}.json", data)
        return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})

    def _read(self, name: str) -> Any:
        return self._whole(name).signed

    def _whole(self, name: str) -> Metadata[Any]:
        try:
            return Metadata.from_file(str(self.metadata / name))
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
