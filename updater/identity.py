"""Who this client is at its site, as joining left it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.atomic import write_json
from common.errors import OperatorError
from common.wire.signing import load_key

_JOINED = "joined.json"


@dataclass(frozen=True)
class Identity:
    """A joined client.

    Attributes:
        folder: holds key, certificate, the site's CA and the vendor's root of trust.
        client: the id that the communications server gave.
        name: what people call this computer.
        site: the site's name.
        address: ``https://HOST:PORT`` of the communications server.
    """

    folder: Path
    client: str
    name: str
    site: str
    address: str

    @property
    def key_file(self) -> Path:
        """ed25519 private key: speaks TLS and signs receipts."""
        return self.folder / "client.key"

    @property
    def certificate_file(self) -> Path:
        """Signed by the site's CA."""
        return self.folder / "client.pem"

    @property
    def ca_file(self) -> Path:
        """The site's CA, the only one that is believed."""
        return self.folder / "ca.pem"

    @property
    def root_file(self) -> Path:
        """The vendor's root metadata, from outside the communications server."""
        return self.folder / "root.json"

    def key(self) -> Ed25519PrivateKey:
        """The private key. Raises OperatorError."""
        return load_key(self.key_file)

    def root(self) -> bytes:
        """The vendor's root metadata. Raises OperatorError."""
        try:
            return self.root_file.read_bytes()
        except OSError as error:
            raise OperatorError(
                f"The root of trust {self.root_file} cannot be read ({error.strerror}). "
                "Join again with `callstead updater join … --again`."
            ) from error


def save(identity: Identity, folder: Path) -> None:
    """From this moment on this computer is joined; everything named must be durable already."""
    fields = asdict(identity) | {"folder": identity.folder.name}
    write_json(folder / _JOINED, {"format": 1, **fields})


def find(folder: Path) -> Identity | None:
    """Who we are; None before joining.

    Raises:
        OperatorError: the file is broken.
    """
    path = folder / _JOINED
    try:
        value = json.loads(path.read_bytes())
        return Identity(
            folder / str(value["folder"]),
            str(value["client"]),
            str(value["name"]),
            str(value["site"]),
            str(value["address"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OperatorError(
            f"{path} cannot be read ({error}). Join again with `callstead updater join … --again`."
        ) from error


def load(folder: Path) -> Identity:
    """Who we are. Raises OperatorError before joining."""
    found = find(folder)
    if found is None:
        raise OperatorError(
            "This computer has not joined a site. Make a code on the communications server with "
            "`callstead comm invite`, then `callstead updater join ADDRESS CODE --root FILE "
            "--name NAME` here."
        )
    return found
