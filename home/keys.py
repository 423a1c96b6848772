"""The vendor's private keys.

``keys/offline``: three root keys, the targets key and one key for each product. They sign what is
released, and belong on a machine that is off, or in a safe; a passphrase may protect them.
``keys/online``: snapshot and timestamp (they only say what is newest), the key that opens the
sites' bundles and the one that signs acknowledgements. `callstead home serve` needs these alone.

A key that shall replace another one lies beside it as ``NAME.next-KEYID.pem`` until the lists name
it. Nothing is signed by a key that the lists do not name, whatever lies here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from securesystemslib.signer import CryptoSigner, Key, SSlibKey

from common.atomic import fsync_folder, write_secret
from common.errors import OperatorError

ROOTS = ("root-1", "root-2", "root-3")
OFFLINE_ROLES = (*ROOTS, "targets")
ONLINE_ROLES = ("snapshot", "timestamp")

# How a key is called by people, beside its bytes in the signed lists.
NAME = "x-callstead-name"

_Key = Ed25519PrivateKey | X25519PrivateKey
_NEXT = re.compile(r"(?P<name>.+)\.next-(?P<keyid>[0-9a-f]{16})\.pem")


class KeyFolder:
    """The keys below ``folder``.

    Args:
        folder: holds ``offline`` and ``online``.
        passphrase: opens the offline keys, and protects new ones; None leaves them in clear.
    """

    def __init__(self, folder: Path, passphrase: bytes | None = None) -> None:
        self.folder = folder
        self._passphrase = passphrase

    def create(self) -> list[str]:
        """Make every key that is missing; answers their names."""
        for folder in (self.folder, self.folder / "offline", self.folder / "online"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        offline = [f"offline/{name}" for name in OFFLINE_ROLES]
        made = [name for name in offline if self._make(name, Ed25519PrivateKey.generate)]
        online = [f"online/{name}" for name in (*ONLINE_ROLES, "ack")]
        made += [name for name in online if self._make(name, Ed25519PrivateKey.generate)]
        if self._make("online/bundle", X25519PrivateKey.generate):
            made.append("online/bundle")
        return made

    def create_product(self, product: str) -> None:
        """Make the product's key, unless it is there from an earlier, interrupted try."""
        self._make(f"offline/product-{product}", Ed25519PrivateKey.generate)

    def public(self, name: str) -> Key:
        """The public half of ``offline/root-1``, ``online/snapshot``, …, called by that name.

        Raises OperatorError.
        """
        return _called(CryptoSigner(self._signing(name)).public_key, name)

    def make_next(self, name: str) -> Key:
        """The key that shall replace ``offline/NAME`` or ``online/NAME``; made once.

        Until `settle` finds it in the lists, the old one stays beside it.
        """
        found = sorted(self._path(name).parent.glob(f"{Path(name).name}.next-*.pem"))
        if found:
            return self.public(str(found[0].relative_to(self.folder).with_suffix("")))
        private = Ed25519PrivateKey.generate()
        key = _called(CryptoSigner(private).public_key, name)
        self._path(name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._make(f"{name}.next-{key.keyid[:16]}", lambda: private)
        return key

    def settle(self, keyids: Collection[str]) -> None:
        """Give each new key that the lists name, by ``keyids``, the place of the old one."""
        for part in self.folder.glob("o*line/.*.pem.*.part"):  # of a run that was killed
            part.unlink(missing_ok=True)
        known = {keyid[:16] for keyid in keyids}
        for path in sorted(self.folder.glob("o*line/*.next-*.pem")):
            found = _NEXT.fullmatch(path.name)
            if found and found["keyid"] in known:
                path.replace(path.with_name(f"{found['name']}.pem"))
                fsync_folder(path.parent)

    def offline_signers(self, accepted: Collection[str]) -> list[CryptoSigner]:
        """The signers of every offline key here whose name or key id is accepted.

        Names are ``root-1``, ``targets``, ``product-NAME``; a new key answers to its old one's.
        Raises OperatorError when one of these cannot be opened.
        """
        signers = []
        for path in sorted((self.folder / "offline").glob("*.pem")):
            found = _NEXT.fullmatch(path.name)
            if (found["name"] if found else path.stem) in accepted:
                signers.append(CryptoSigner(self._signing(f"offline/{path.stem}")))
        return signers

    def online_signers(self, role: str) -> list[CryptoSigner]:
        """The signer of ``snapshot`` or ``timestamp``, and that of its next key.

        Whoever follows the old list of trusted keys and whoever follows the new one can then read
        what is signed. Raises OperatorError.
        """
        following = sorted((self.folder / "online").glob(f"{role}.next-*.pem"))
        names = [role, *(path.stem for path in following)]
        if following and not self._path(f"online/{role}").exists():  # the old one was lost
            names.remove(role)
        return [CryptoSigner(self._signing(f"online/{name}")) for name in names]

    def ack(self) -> Ed25519PrivateKey:
        """Signs acknowledgements."""
        return self._signing("online/ack")

    def bundle(self) -> X25519PrivateKey:
        """Opens the sites' bundles."""
        key = self._load("online/bundle")
        if not isinstance(key, X25519PrivateKey):
            raise OperatorError(f"The key {self._path('online/bundle')} is not an X25519 key.")
        return key

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def _signing(self, name: str) -> Ed25519PrivateKey:
        key = self._load(name)
        if not isinstance(key, Ed25519PrivateKey):
            raise OperatorError(f"The key {self._path(name)} is not an ed25519 key.")
        return key

    def _make(self, name: str, generate: Callable[[], _Key]) -> bool:
        path = self._path(name)
        if path.exists():
            return False
        key = generate()
        protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if self._passphrase and name.startswith("offline/"):
            protection = serialization.BestAvailableEncryption(self._passphrase)
        write_secret(
            path,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
            ),
        )
        return True

    def _load(self, name: str) -> object:
        path = self._path(name)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise OperatorError(
                f"The key {path} cannot be read ({error.strerror}). Bring it there, or make the "
                "home's keys with `callstead home init`."
            ) from error
        protected = b"ENCRYPTED" in data.partition(b"\n")[0]
        if protected and not self._passphrase:
            raise OperatorError(
                f"The key {path} is protected by a passphrase. Put it into a file and name the "
                "file in home.passphrase_file or CALLSTEAD_HOME_PASSPHRASE_FILE."
            )
        try:
            return serialization.load_pem_private_key(data, self._passphrase if protected else None)
        except ValueError as error:
            raise OperatorError(
                f"The key {path} cannot be opened: the passphrase is another one, "
                "or the file is damaged."
            ) from error


def _called(key: SSlibKey, name: str) -> Key:
    """The key under the name that people use: without its folder and without ``.next-…``."""
    plain = Path(name).name.partition(".next-")[0]
    key.unrecognized_fields[NAME] = plain
    return key


def read_passphrase(file: str) -> bytes | None:
    """The first line of ``file``; None when no file is named. Raises OperatorError."""
    if not file:
        return None
    try:
        first = Path(file).read_bytes().partition(b"\n")[0].rstrip(b"\r")
    except OSError as error:
        raise OperatorError(
            f"The passphrase file {file} cannot be read ({error.strerror}). "
            "Correct home.passphrase_file."
        ) from error
    if not first:
        raise OperatorError(f"The passphrase file {file} is empty. Write the passphrase into it.")
    return first
