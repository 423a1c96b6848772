"""Passwords: argon2id hashes, one-time passwords, and what a new one must be."""

from __future__ import annotations

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST_LENGTH = 12
_MOST_LENGTH = 1024  # hashing is made to be slow; nobody may feed it a book
# Nothing that is mistaken for something else when read from paper.
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


class Passwords:
    """Hashes and compares.

    Args:
        hasher: argon2id with the library's own parameters (64 MiB, three passes); tests pass a
            cheap one.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        # Each takes 64 MiB: a burst of sign-ins must not take the machine's memory.
        self._at_once = threading.BoundedSemaphore(2)
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        """The text to keep."""
        with self._at_once:
            return self._hasher.hash(password)

    def fits(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password; None (no such account) takes as long to say no."""
        if len(password) > _MOST_LENGTH:
            return False
        with self._at_once:
            try:
                self._hasher.verify(password_hash or self._nobody, password)
            except (VerificationError, InvalidHashError):
                return False
        return password_hash is not None


def one_time_password() -> str:
    """Four groups of four letters: 80 bits, and short enough to be typed once."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def objection(new: str, *, name: str, old: str, least: int = LEAST_LENGTH) -> str:
    """Why ``new`` is not taken as a password, as the key of a text; empty when it is."""
    if len(new) < least:
        return "password.too_short"
    if len(new) > _MOST_LENGTH:
        return "password.too_long"
    if new == old:
        return "password.same"
    if new.casefold() == name.casefold() or len(set(new)) < 4:
        return "password.too_simple"
    return ""
