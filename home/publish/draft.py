"""The next state of what offline keys sign: made at the home, signed anywhere, finished there.

A draft can travel as a file, so that two people sign on two machines and no key travels. It holds
the state that it follows, so that whoever signs sees in words what would change.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Targets
from tuf.api.serialization import DeserializationError

from common.atomic import write_json
from common.errors import OperatorError
from common.wire.signing import canonical
from home.keys import NAME, KeyFolder

FORMAT = 1
_NAME_OF_ROLE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_MOST_BYTES = 20_000_000


@dataclass(frozen=True)
class Draft:
    """What is, and what shall be.

    Attributes:
        now: the signed root and targets that it follows, and those products that change, as far
            as there are any yet.
        coming: root, targets and products that change, with the signatures so far.
    """

    now: dict[str, Metadata[Any]]
    coming: dict[str, Metadata[Any]]

    def root(self) -> Metadata[Any] | None:
        """The next root, if it changes."""
        return self.coming.get("root")

    def lists(self) -> dict[str, Metadata[Any]]:
        """What changes beside root."""
        return {name: metadata for name, metadata in self.coming.items() if name != "root"}

    @property
    def changes_online_keys(self) -> bool:
        """Whether snapshot or timestamp get another key."""
        if "root" not in self.coming or "root" not in self.now:
            return False
        old, new = self.now["root"].signed, self.coming["root"].signed
        return any(old.roles[r].keyids != new.roles[r].keyids for r in ("snapshot", "timestamp"))

    @property
    def digest(self) -> str:
        """What is signed, as sha256: two people compare it by telephone."""
        whole = {name: m.signed.to_dict() for name, m in sorted(self.coming.items())}
        return hashlib.sha256(canonical(whole)).hexdigest()

    def sign(self, keys: KeyFolder) -> list[str]:
        """Add every signature that the keys here can give; answers the roles, named."""
        done = []
        for name, metadata in self.coming.items():
            # By name first, so that nobody must open a key that is not asked for.
            names = signer_names(name, *(self._roots()))
            accepted = {k for one in self._delegators(name) for k in _keyids(one, name)}
            for signer in keys.offline_signers(names):
                if signer.public_key.keyid in accepted:
                    metadata.sign(signer, append=True)
                    done.append(name)
        return sorted(set(done))

    def lacking(self) -> list[str]:
        """A sentence for each role that has not enough signatures yet."""
        found = []
        for name, metadata in self.coming.items():
            for one in self._verifiers(name):
                try:
                    result = one.get_verification_result(
                        name, metadata.signed_bytes, metadata.signatures
                    )
                except ValueError:
                    found.append(f"Nobody may sign {name}: no list of products names it.")
                    continue
                if not result.verified:
                    whose = ", ".join(sorted(name_of(key) for key in result.unsigned.values()))
                    found.append(
                        f"{name} carries {len(result.signed)} of {result.threshold} signatures "
                        f"that it needs; it may be signed by {whose}."
                    )
        return list(dict.fromkeys(found))

    def check(self) -> None:
        """Raises OperatorError, naming what is not signed yet."""
        if lacking := self.lacking():
            raise OperatorError(
                f"{' '.join(lacking)} Bring the keys to keys/offline (root-1.pem, targets.pem, "
                "product-NAME.pem), or have the file that --export writes signed where they are."
            )

    def write(self, file: Path) -> None:
        """Put it into ``file``. Raises OperatorError."""
        document = {
            "format": FORMAT,
            "now": {name: metadata.to_dict() for name, metadata in self.now.items()},
            "next": {name: metadata.to_dict() for name, metadata in self.coming.items()},
        }
        try:
            write_json(file, document)
        except OSError as error:
            raise OperatorError(f"{file} cannot be written ({error.strerror}).") from error

    def _roots(self) -> list[Root]:
        found = [side.get("root") for side in (self.coming, self.now)]
        return [cast("Root", metadata.signed) for metadata in found if metadata]

    def _delegators(self, name: str) -> list[Root | Targets]:
        """Those by whose word a key may sign ``name``, now or then."""
        if name in {"root", "targets"}:
            return list(self._roots())
        return self._verifiers(name)

    def _verifiers(self, name: str) -> list[Root | Targets]:
        """Those who must be content with the signatures under ``name``."""
        if name == "root":
            return list(self._roots())
        if name == "targets":
            return list(self._roots()[:1])
        found = self.coming.get("targets") or self.now["targets"]
        return [cast("Targets", found.signed)]


def read_draft(file: Path) -> Draft:
    """What `Draft.write` wrote. Raises OperatorError."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ValueError("it is too large")
        document = json.loads(file.read_bytes())
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']}")
        sides = [
            {str(name): Metadata.from_dict(value) for name, value in document[side].items()}
            for side in ("now", "next")
        ]
        if not {"root", "targets"} <= sides[0].keys():
            raise ValueError("it does not hold the state before")
        for name, metadata in [*sides[0].items(), *sides[1].items()]:
            if not _NAME_OF_ROLE.fullmatch(name) or name in {"snapshot", "timestamp"}:
                raise ValueError(f"{name!r} is nothing that offline keys sign")
            if not isinstance(metadata.signed, Root if name == "root" else Targets):
                raise TypeError(f"{name} is not what it should be")
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        DeserializationError,
    ) as error:
        raise OperatorError(
            f"{file} holds nothing to be signed ({error}). Export it again."
        ) from error
    except (RepositoryError, RecursionError) as error:
        raise OperatorError(f"{file} is damaged. Export it again.") from error
    return Draft(*sides)


def signer_names(role: str, *roots: Root) -> set[str]:
    """The names of the offline keys that may sign ``role``."""
    if role == "root":
        return {name_of(root.keys[key]) for root in roots for key in root.roles["root"].keyids}
    return {role if role == "targets" else f"product-{role}"}


def name_of(key: Any) -> str:
    """What people call a key."""
    return str(key.unrecognized_fields.get(NAME) or f"key {key.keyid[:8]}")


def describe(draft: Draft) -> list[str]:
    """What would change, in words, for the person who is asked to sign."""
    lines = []
    for name, metadata in draft.coming.items():
        before = draft.now.get(name)
        lines.append(
            f"{name}: version {metadata.signed.version}, holds until "
            f"{metadata.signed.expires:%Y-%m-%d}"
        )
        old, new = before.signed if before else None, metadata.signed
        if isinstance(new, Root):
            lines += _keys_of(old, new)
        else:
            lines += _targets_of(cast("Targets | None", old), cast("Targets", new))
    return lines


def _keys_of(old: Any, new: Root) -> Iterator[str]:
    for role in sorted(new.roles):
        before = {k: old.keys[k] for k in old.roles[role].keyids} if old else {}
        after = {k: new.keys[k] for k in new.roles[role].keyids}
        for keyid in before.keys() - after.keys():
            yield f"  {role}: {name_of(before[keyid])} ({keyid[:16]}) is trusted no longer"
        for keyid in after.keys() - before.keys():
            yield f"  {role}: {name_of(after[keyid])} ({keyid[:16]}) is trusted from now on"
        # All of them, so that who signs need not believe what the file says of the state before.
        whole = ", ".join(sorted(f"{name_of(key)} ({i[:16]})" for i, key in after.items()))
        yield f"  {role}: {new.roles[role].threshold} of {len(after)} must sign: {whole}"


def _targets_of(old: Targets | None, new: Targets) -> Iterator[str]:
    before = old.targets if old else {}
    for target in sorted(new.targets):
        if target not in before or before[target].hashes != new.targets[target].hashes:
            yield f"  {target}: {next(iter(new.targets[target].hashes.values()))[:16]}"
    yield from (f"  {target} is gone" for target in sorted(before.keys() - new.targets.keys()))
    if new.delegations:
        past = old.delegations.keys if old and old.delegations else {}
        for keyid in new.delegations.keys.keys() - past.keys():
            yield f"  {name_of(new.delegations.keys[keyid])} ({keyid[:16]}) may sign from now on"
        for keyid in past.keys() - new.delegations.keys.keys():
            yield f"  {name_of(past[keyid])} ({keyid[:16]}) may sign no longer"
        for product, role in sorted((new.delegations.roles or {}).items()):
            yield f"  {product}: {', '.join(keyid[:16] for keyid in role.keyids)}"


def _keyids(delegator: Root | Targets, name: str) -> list[str]:
    try:
        return list(delegator.get_delegated_role(name).keyids)
    except ValueError:  # nobody lets anyone sign it
        return []
