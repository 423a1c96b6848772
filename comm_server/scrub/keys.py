"""Names under which a secret stands."""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"passw|passwd|(^|_)pwd($|_)|secret|token|api_?key|private_?key|credential|authorization"
    r"|cookie|session_?id|^auth$|(^|_)pin($|_)|cvv|cvc",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"phone|mobile|msisdn|caller|callee|dial|(^|_)tel($|_)", re.IGNORECASE)


def is_secret_key(key: str) -> bool:
    """Whether what stands under ``key`` is taken out whatever it is."""
    return bool(_SECRET.search(key.replace("-", "_")))


def is_number_key(key: str) -> bool:
    """Whether an integer under ``key`` may be a telephone number."""
    return bool(_NUMBER.search(key))
