"""Another key in the place of one: regularly, or because one was lost or stolen.

Each function answers the roles that change, for `Publication.commit` or `Publication.draft`. The
rules of the root keys: a threshold of two, and always at least one key more than that, so that
losing one is no catastrophe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.signer import Key, SSlibKey
from tuf.api.metadata import Delegations, Root, Targets

from common.errors import OperatorError
from home.keys import NAME, ONLINE_ROLES, KeyFolder
from home.publish.draft import name_of
from home.publish.publication import ROOT_THRESHOLD, Publication

_ROOT_NAME = re.compile(r"root-[1-9][0-9]?")
Changed = dict[str, Root | Targets]


def rotate(
    publication: Publication, keys: KeyFolder, names: Iterable[str], given: Key | None = None
) -> Changed:
    """New keys for ``root-N``, ``targets``, ``snapshot``, ``timestamp`` or products.

    Args:
        publication: the state that this follows.
        keys: where the new keys are made; a key of an earlier, unfinished run is taken again.
        names: what gets a new key; ``root`` alone only signs the list of trusted keys again.
        given: the public half of an offline key that was made on another machine.

    Raises:
        OperatorError: there is nothing of that name.
    """
    root, targets = publication.root(), publication.role("targets")
    changed: Changed = {}
    for name in names:
        if name == "root":
            changed["root"] = root
        elif _ROOT_NAME.fullmatch(name):
            replace_root_key(root, name, given or keys.make_next(f"offline/{name}"))
            changed["root"] = root
        elif name == "targets" or name in ONLINE_ROLES:
            side = "online" if name in ONLINE_ROLES else "offline"
            _only(root, name, _made_elsewhere(given, name) or keys.make_next(f"{side}/{name}"))
            changed["root"] = root
            if name == "targets":
                changed["targets"] = targets
        elif name in publication.products():
            key = _made_elsewhere(given, f"product-{name}")
            _delegate_to(targets, name, key or keys.make_next(f"offline/product-{name}"))
            changed |= {"targets": targets, name: publication.role(name)}
        else:
            known = ", ".join(("targets", *ONLINE_ROLES, *publication.products()))
            raise OperatorError(
                f"There is no key called {name!r}. There are {', '.join(_root_names(root))} and "
                f"{known}; `root` alone signs the list of trusted keys again."
            )
    return changed


def replace_root_key(root: Root, name: str, key: Key) -> None:
    """Another key under the name of one of ``root``'s. Raises OperatorError."""
    old = _root_names(root).get(name)
    if old is None:
        raise OperatorError(
            f"There is no root key {name}; there are {', '.join(_root_names(root))}. "
            "`--add` makes a further one."
        )
    add_root_key(root, name, key, again=True)
    root.revoke_key(old, "root")


def add_root_key(root: Root, name: str, key: Key, *, again: bool = False) -> None:
    """A further root key; as many signatures as before are needed. Raises OperatorError."""
    if not _ROOT_NAME.fullmatch(name) or (name in _root_names(root) and not again):
        raise OperatorError(
            f"{name!r} cannot name a further root key: write root-N, with a number that is not "
            f"taken. There are {', '.join(_root_names(root))}."
        )
    if key.keyid in root.keys:
        raise OperatorError(f"That key is in use already, as {name_of(root.keys[key.keyid])}.")
    key.unrecognized_fields[NAME] = name
    root.add_key(key, "root")


def remove_root_key(root: Root, name: str) -> None:
    """One root key fewer. Raises OperatorError when too few would be left."""
    names = _root_names(root)
    if name not in names:
        raise OperatorError(f"There is no root key {name}; there are {', '.join(names)}.")
    if len(names) <= ROOT_THRESHOLD + 1:
        raise OperatorError(
            f"{len(names)} root keys are the fewest: {ROOT_THRESHOLD} must sign, and one may be "
            f"lost. Add another one first, or replace {name} by `callstead home rotate {name}`."
        )
    root.revoke_key(names[name], "root")


def read_public(file: Path) -> Key:
    """The public key in a PEM file that `write_public` wrote. Raises OperatorError."""
    try:
        key = serialization.load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as error:
        raise OperatorError(f"{file} holds no public key ({error}).") from error
    if not isinstance(key, Ed25519PublicKey):
        raise OperatorError(f"{file} holds no ed25519 key; only these are used here.")
    return SSlibKey.from_crypto(key)


def write_public(key: Key, file: Path) -> None:
    """The public half as PEM. Raises OperatorError."""
    raw = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.keyval["public"]))
    pem = raw.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    try:
        file.write_bytes(pem)
    except OSError as error:
        raise OperatorError(f"{file} cannot be written ({error.strerror}).") from error


def _made_elsewhere(given: Key | None, name: str) -> Key | None:
    if given is None:
        return None
    if name in ONLINE_ROLES:
        raise OperatorError(f"The key of {name} is online: it is made here, on the home.")
    given.unrecognized_fields[NAME] = name
    return given


def _root_names(root: Root) -> dict[str, str]:
    """Key id by name."""
    return {name_of(root.keys[keyid]): keyid for keyid in root.roles["root"].keyids}


def _only(root: Root, role: str, key: Key) -> None:
    for keyid in list(root.roles[role].keyids):
        if keyid != key.keyid:
            root.revoke_key(keyid, role)
    root.add_key(key, role)


def _delegate_to(targets: Targets, product: str, key: Key) -> None:
    delegations = targets.delegations or Delegations({}, {})
    assert delegations.roles is not None  # noqa: S101 - for mypy: we never write the other kind
    old = delegations.roles[product].keyids
    delegations.roles[product].keyids = [key.keyid]
    used = {keyid for role in delegations.roles.values() for keyid in role.keyids}
    delegations.keys[key.keyid] = key
    for keyid in set(old) - used:
        del delegations.keys[keyid]
