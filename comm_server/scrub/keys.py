"""Names under which a secret stands."""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"passw|passwd|(^|_)pwd($|_)|secret|token|api_?key|private_?key|credential|authorization"
    r"|cookie|session_?id|^auth$|(^|_)pin($|_)|cvv|cvc",
    re.IGNORECASE,
)


def is_secret_key(key: str) -> bool:
    """Whether what stands under ``key`` is taken out whatever it is."""
    return bool(_SECRET.search(key.replace("-", "_")))
