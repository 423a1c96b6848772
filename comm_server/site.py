"""Who this site is: what the vendor's kit says, and the site's own key."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.atomic import write_bytes, write_secret
from common.errors import OperatorError
from common.wire.signing import load_key, new_key, unb64


@dataclass(frozen=True)
class Site:
    """What `callstead comm init --kit` left in the data folder.

    Attributes:
        site: the vendor's id for this site (a UUID).
        name: what people call it.
        root: the TUF root that everything about releases is verified from.
        bundle_key: the vendor's X25519 public key; bundles are sealed to it.
        ack_key: base64 ed25519 public key that signs acknowledgements.
        enrolment_secret: proves in the first bundle that our key belongs to the kit.
        releases_url, acks_url: where to pull from.
        home_ca: PEM that the vendor's servers are verified with.
        mail: the vendor's mail: ``to``, ``host``, ``port``, ``security``.
        console: address of the vendor's console, for links in mails; older kits name none.
        key: this site's signing key.
    """

    site: str
    name: str
    root: bytes
    bundle_key: bytes
    ack_key: str
    enrolment_secret: bytes
    releases_url: str
    acks_url: str
    home_ca: Path
    mail: dict[str, Any]
    key: Ed25519PrivateKey
    console: str = ""


def install_kit(folder: Path, kit: Path) -> Site:
    """Check the kit, keep it (readable by the owner alone) and make the site's key.

    Doing it twice with the same kit changes nothing. Raises OperatorError.
    """
    try:
        data = kit.read_bytes()
    except OSError as error:
        raise OperatorError(f"The kit {kit} cannot be read: {error.strerror}.") from error
    fresh = _parse(data, str(kit))
    kept = folder / "kit.json"
    if kept.exists():
        before = _parse(kept.read_bytes(), str(kept))
        if before["site"] != fresh["site"]:
            raise OperatorError(
                f"This server already belongs to the site {before['name']!r}. "
                f"Use another data folder for {fresh['name']!r}."
            )
    if not (folder / "site.key").exists():
        new_key(folder / "site.key")
    write_bytes(folder / "root.json", base64.b64decode(fresh["root"]))
    write_bytes(folder / "home-ca.pem", fresh["home_ca"].encode())
    write_secret(kept, data)
    return load_site(folder)


def load_site(folder: Path) -> Site:
    """Read what `install_kit` left. Raises OperatorError when there is nothing yet."""
    path = folder / "kit.json"
    if not path.exists():
        raise OperatorError(
            f"There is no site in {folder} yet. "
            "Run `callstead comm init --kit FILE` with the kit from your vendor."
        )
    kit = _parse(path.read_bytes(), str(path))
    return Site(
        site=kit["site"],
        name=kit["name"],
        root=base64.b64decode(kit["root"]),
        bundle_key=unb64(kit["bundle_key"]),
        ack_key=kit["ack_key"],
        enrolment_secret=unb64(kit["enrolment_secret"]),
        releases_url=kit["releases_url"],
        acks_url=kit["acks_url"],
        home_ca=folder / "home-ca.pem",
        mail=kit["mail"],
        key=load_key(folder / "site.key"),
        console=_address(kit.get("console")),
    )


def _address(value: Any) -> str:
    """A web address without its last slash; empty when it is none."""
    return value.rstrip("/") if isinstance(value, str) and value.startswith("https://") else ""


def _parse(data: bytes, where: str) -> dict[str, Any]:
    texts = ("site", "name", "root", "bundle_key", "ack_key", "enrolment_secret", "home_ca")
    try:
        kit = json.loads(data)
        if kit["format"] != 1:
            raise OperatorError(f"{where} is a kit of format {kit['format']}; this one reads 1.")
        for key in (*texts, "releases_url", "acks_url"):
            if not isinstance(kit[key], str) or not kit[key]:
                raise TypeError(key)
        for key in ("root", "bundle_key", "ack_key", "enrolment_secret"):
            unb64(kit[key])
        if not all(key in kit["mail"] for key in ("to", "host", "port", "security")):
            raise KeyError("mail")
    except (ValueError, KeyError, TypeError) as error:
        raise OperatorError(
            f"{where} is not a site's kit ({error!r}). Ask the vendor for a new one."
        ) from error
    return dict(kit)
