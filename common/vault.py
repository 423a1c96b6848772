"""Secrets at rest: AES-256-GCM under keys that are kept apart from the database.

A sealed text is ``v1.KEY.DATA``: the id of the key, and nonce and ciphertext in base64. What it is
bound to (``table/column/row``) is authenticated with it: a sealed text that somebody moves to
another place does not open there.

The keys are lines ``ID BASE64`` of one file, newest first; the first seals, all of them open. The
file is systemd's credential ``callstead-vault`` when there is one, else ``vault.keys`` in the data
folder, made at the first start. It is read again when it changes, so that a running program follows
a rotation.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import threading
from collections.abc import Collection
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from common.atomic import write_secret
from common.errors import OperatorError, RefusedError

FILE = "vault.keys"
CREDENTIAL = "callstead-vault"
_VERSION = "v1"
_KEY_BYTES = 32
_NONCE_BYTES = 12


class Vault:
    """Seals and opens.

    Args:
        path: of the keys; made when it is missing.
        ours: whether this program may write it; a credential is the operator's.

    Raises:
        OperatorError: the file cannot be read, or is none of keys.
    """

    def __init__(self, path: Path, *, ours: bool = True) -> None:
        self.path = path
        self.ours = ours
        self._lock = threading.Lock()
        self._mark: tuple[int, int] = (0, 0)
        self._keys: dict[str, bytes] = {}
        if ours and not path.exists():
            write_secret(path, _line())
        self._read()

    @classmethod
    def of(cls, folder: Path) -> Vault:
        """The vault of a program whose data are in ``folder``."""
        given = os.environ.get("CREDENTIALS_DIRECTORY", "")
        credential = Path(given) / CREDENTIAL
        if given and credential.exists():
            return cls(credential, ours=False)
        return cls(folder / FILE)

    @property
    def current(self) -> str:
        """The id of the key that seals now."""
        return next(iter(self._now()))

    @property
    def ids(self) -> list[str]:
        """All keys, newest first."""
        return list(self._now())

    def seal(self, plain: str, where: str) -> str:
        """``plain`` as it may be kept at ``where``."""
        keys = self._now()
        key = next(iter(keys))
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(keys[key]).encrypt(nonce, plain.encode(), where.encode())
        return f"{_VERSION}.{key}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, where: str) -> str:
        """The reverse of `seal`.

        Raises:
            OperatorError: its key is not here.
            RefusedError: it was changed, or was sealed for another place.
        """
        version, _, rest = sealed.partition(".")
        key, _, data = rest.partition(".")
        found = self._now().get(key)
        if version != _VERSION or found is None:
            raise OperatorError(
                f"A secret at {where} was sealed with the key {key!r}, which {self.path} does not "
                "have. Restore that file from the same backup as the database."
            )
        try:
            raw = base64.b64decode(data, validate=True)
            nonce, text = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
            return AESGCM(found).decrypt(nonce, text, where.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise RefusedError(
                "sealed",
                f"The secret at {where} was changed, or belongs elsewhere. Restore the database "
                "from a backup, or set that secret anew.",
            ) from error

    def add_key(self) -> str:
        """A new key in front, on disk before it is used; its id."""
        self._must_be_ours()
        write_secret(self.path, _line() + self.path.read_bytes())
        return self.current

    def forget_all_but(self, wanted: Collection[str]) -> None:
        """Keep these keys alone; for when nothing is sealed with the others any more."""
        self._must_be_ours()
        kept = [line for line in self.path.read_bytes().splitlines(keepends=True)
                if line.split(b" ")[0].decode() in wanted]  # fmt: skip
        write_secret(self.path, b"".join(kept))

    def _must_be_ours(self) -> None:
        if not self.ours:
            raise OperatorError(
                f"The keys are the credential {self.path}, which only you can change. Put a new "
                "line `ID BASE64` (32 random bytes) on top of it, restart, and rotate again."
            )

    def _now(self) -> dict[str, bytes]:
        found = self.path.stat()
        if (found.st_mtime_ns, found.st_ino) != self._mark:
            self._read()
        return self._keys

    def _read(self) -> None:
        with self._lock:
            try:
                found = self.path.stat()
                keys = dict(_parse(line) for line in self.path.read_text("ascii").splitlines())
            except (OSError, ValueError) as error:
                raise OperatorError(
                    f"The keys in {self.path} cannot be read ({error}). Restore the file from the "
                    "same backup as the database; without it what is sealed is lost."
                ) from error
            if not keys:
                raise OperatorError(f"{self.path} has no key. Restore it from a backup.")
            self._keys, self._mark = keys, (found.st_mtime_ns, found.st_ino)


def key_of(sealed: str) -> str:
    """The id of the key of a sealed text."""
    return sealed.split(".", 2)[1]


def _line() -> bytes:
    key = base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
    return f"{secrets.token_hex(4)} {key}\n".encode()


def _parse(line: str) -> tuple[str, bytes]:
    name, _, text = line.strip().partition(" ")
    key = base64.b64decode(text, validate=True)
    if len(key) != _KEY_BYTES or not name.isalnum():
        raise ValueError("a line is not `ID BASE64` of 32 bytes")
    return name, key
