"""Whether a text can hold anything to scrub at all: most cannot, and the rules cost a hundredfold.

It may say yes to what the rules then leave alone, never no to what they would take out.
"""

from __future__ import annotations

import re
from functools import lru_cache

from comm_server.scrub.keys import is_number_key, is_secret_key

# Cards have 13 digits and more, telephone numbers seven.
_DIGITS = re.compile(r"[0-9](?:[ .()-]{0,2}[0-9]){6}")
_SHORTEST = 6
_LONGEST_KEY = 64


def may_hold_secret(text: str, *, extensions: bool) -> bool:
    """Whether the rules by value must look at ``text``; ``extensions``: at such numbers, too."""
    if not text.isascii():  # other alphabets have letters that count as ASCII ones
        return True
    if len(text) < _SHORTEST:
        return False
    lower = text.lower()
    return (  # written out: a loop would cost more than what is in it
        "passw" in lower
        or "secret" in lower
        or "token" in lower
        or "://" in text
        or "eyJ" in text
        or "basic" in lower
        or "bearer" in lower
        or "pwd" in lower
        or "apikey" in lower
        or "api_key" in lower
        or "-----BEGIN" in text
        or _DIGITS.search(text) is not None
        or (extensions and ("ext" in lower or "sip" in lower or "local/" in lower))
    )


def is_secret(key: str) -> bool:
    """As `is_secret_key`; keys are few and come again and again."""
    return _is_secret(key) if len(key) <= _LONGEST_KEY else is_secret_key(key)


def is_number(key: str) -> bool:
    """As `is_number_key`."""
    return _is_number(key) if len(key) <= _LONGEST_KEY else is_number_key(key)


_is_secret = lru_cache(4096)(is_secret_key)
_is_number = lru_cache(4096)(is_number_key)
