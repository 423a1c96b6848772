"""One-time codes of a second factor (TOTP, RFC 6238) and what stands in when the phone is lost."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

_SECONDS = 30
_DIGITS = 6
_BYTES = 20  # RFC 4226, section 4: 160 bits
_DRIFT = 1  # steps that a phone's clock may be off, either way
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
RECOVERY_CODES = 10


def new_secret() -> str:
    """In base32, as authenticator programs take it."""
    return base64.b32encode(secrets.token_bytes(_BYTES)).decode()


def code_at(secret: str, moment: datetime) -> str:
    """The code that an authenticator shows at ``moment``."""
    return _code(secret, int(moment.timestamp()) // _SECONDS)


def step_of(secret: str, code: str, moment: datetime, after: int = 0) -> int | None:
    """The time step that ``code`` is of, or None when it is wrong.

    Only steps behind ``after`` count: a code that somebody looked at over a shoulder, after it was
    used, is worth nothing.
    """
    digits = "".join(code.split())
    now = int(moment.timestamp()) // _SECONDS
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        if step > after and hmac.compare_digest(_code(secret, step).encode(), digits.encode()):
            return step
    return None


def address_of(secret: str, name: str, issuer: str) -> str:
    """The ``otpauth://`` address that the QR code holds."""
    label = quote(f"{issuer}:{name}")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer)}&digits={_DIGITS}"


def new_recovery_codes() -> list[str]:
    """Each opens once, 50 bits: enough behind a lock that grows."""
    return [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2))
        for _ in range(RECOVERY_CODES)
    ]


def recovery_hash(code: str) -> str:
    """What is kept of a recovery code; however it is typed."""
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


def _code(secret: str, step: int) -> str:
    totp = TOTP(base64.b32decode(secret), _DIGITS, SHA1(), _SECONDS)  # noqa: S303 - RFC 6238's own
    return totp.generate(step * _SECONDS).decode()
