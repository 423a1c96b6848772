"""Whether a text can hold anything to scrub at all: most cannot, and the rules cost a hundredfold.

It may say yes to what the rules then leave alone, never no to what they would take out.
"""

from __future__ import annotations

import re

# Cards have 13 digits and more, telephone numbers seven.
_DIGITS = re.compile(r"[0-9](?:[ .()-]{0,2}[0-9]){6}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]{1,9})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_SHORTEST = 6


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
        or (_DIGITS.search(text) is not None and not _MOMENT.fullmatch(text))
        or (extensions and ("ext" in lower or "sip" in lower or "local/" in lower))
    )
