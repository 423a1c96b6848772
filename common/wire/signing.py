"""ed25519 signatures over canonical JSON, for statements that are not releases.

Releases are python-tuf's business (`common.trust`). Receipts, acknowledgements and bundles are
statements by one key about itself, and this is all they need.
"""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from common.atomic import write_secret
from common.errors import OperatorError, RefusedError


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: the bytes that are signed and hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def b64(data: bytes) -> str:
    """Standard base64 as text."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """The reverse of `b64`. Raises ValueError."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError) as error:
        raise ValueError("not base64") from error


def new_key(path: Path) -> Ed25519PrivateKey:
    """Make a private key and keep it at ``path``, readable by its owner alone."""
    key = Ed25519PrivateKey.generate()
    write_secret(
        path,
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    return key


def load_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key made by `new_key`. Raises OperatorError."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise OperatorError(f"The key {path} cannot be read: {error}.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise OperatorError(f"The key {path} is not an ed25519 key.")
    return key


def public_text(key: Ed25519PrivateKey) -> str:
    """The raw public key, base64."""
    return b64(key.public_key().public_bytes_raw())


def sign(statement: dict[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """``{"statement": …, "signature": base64}``."""
    return {"statement": statement, "signature": b64(key.sign(canonical(statement)))}


def verify(signed: Any, public_key: str) -> dict[str, Any]:
    """The statement, if ``public_key`` (base64) signed it. Raises RefusedError."""
    try:
        statement = signed["statement"]
        signature = unb64(signed["signature"])
        Ed25519PublicKey.from_public_bytes(unb64(public_key)).verify(
            signature, canonical(statement)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError("malformed", "This is not a signed statement.") from error
    except InvalidSignature as error:
        raise RefusedError(
            "signature", "The signature does not fit: it was changed, or signed by another key."
        ) from error
    if not isinstance(statement, dict):
        raise RefusedError("malformed", "The signed statement is not an object.")
    return statement
