"""The code by which a client joins a site: ``XXXXX-XXXXX-…``, Crockford base32.

10 random bytes, known to the server only as a hash, then the first 10 bytes of the SHA-256
fingerprint of the site's certificate authority, by which the client knows the server.
"""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import OperatorError

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILO", "110")
_BYTES = 20
_LETTERS = _BYTES * 8 // 5


@dataclass(frozen=True)
class JoinCode:
    """A decoded code."""

    secret: bytes
    fingerprint: bytes


def encode(code: JoinCode) -> str:
    """As it is printed, in groups of five letters."""
    number = int.from_bytes(code.secret + code.fingerprint)
    letters = "".join(_ALPHABET[number >> (5 * i) & 31] for i in reversed(range(_LETTERS)))
    return "-".join(letters[i : i + 5] for i in range(0, _LETTERS, 5))


def decode(text: str) -> JoinCode:
    """Read a code as a person typed it. Raises OperatorError."""
    letters = text.upper().replace("-", "").replace(" ", "").translate(_MISREAD)
    if len(letters) != _LETTERS or any(letter not in _ALPHABET for letter in letters):
        raise OperatorError(
            f"The code must have {_LETTERS} letters and digits (without U), "
            "as `callstead comm invite` printed it."
        )
    number = 0
    for letter in letters:
        number = number * 32 + _ALPHABET.index(letter)
    raw = number.to_bytes(_BYTES)
    return JoinCode(raw[:10], raw[10:])
