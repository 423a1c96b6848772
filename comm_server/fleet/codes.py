"""Join codes: read aloud over the telephone, used once.

A code carries a secret and the start of the fingerprint of the site's own certificate authority,
so that the client knows the server as surely as the server knows the client. Crockford's base32
has no I, L, O, U: what is misread is put right. Pure.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from common.wire.join_code import JoinCode, encode


@dataclass(frozen=True)
class Invitation:
    """A fresh code and what the server keeps of it."""

    text: str
    secret_sha256: str


def new_invitation(ca_fingerprint: str) -> Invitation:
    """A code for the authority with this SHA-256 fingerprint (hex)."""
    code = JoinCode(secrets.token_bytes(10), bytes.fromhex(ca_fingerprint)[:10])
    return Invitation(encode(code), secret_hash(code.secret))


def secret_hash(secret: bytes) -> str:
    """What is stored in place of the secret."""
    return hashlib.sha256(secret).hexdigest()
