"""Values that are secrets wherever they stand.

A report may hold a megabyte of one word, and a pattern runs without giving way to other threads:
every repetition below is bounded, possessive, or ends where the next match could begin, so that
the time grows with the length and not with its square.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

_PEM = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL
)
_JWT = re.compile(r"\beyJ[\w-]{8,1024}+\.[\w-]{8,}+\.[\w-]*+")
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*):([^\s/@]+)@")
_ASSIGNED = re.compile(
    r"""(?P<name>(?:passw(?:or)?d|secret|token|api_?key)[\w.-]{0,40}["']?\s*+[=:]\s*+)"""
    r"""(?P<quote>["'])(?P<value>[^"'\n]{3,})(?P=quote)""",
    re.IGNORECASE,
)
# Log lines and files assign without quotes, which source lines do not.
_UNQUOTED = re.compile(
    r"(?P<name>(?:passw(?:or)?d|passwd|pwd|secret|token|api_?key)[\w-]{0,40}\s?[=:]\s?)"
    r"""(?!\[scrubbed\])[^\s"',;&]{3,}""",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?<![\d+-])(?:\d[ -]?){12,18}\d(?![\d-])")


def scrub_text(text: str, counts: Counter[str]) -> str:
    """``text`` without secrets; adds to ``counts`` what was found."""
    text = _replace(_PEM, "private key", text, counts)
    text = _replace(_JWT, "token", text, counts)
    text = _replace(_BEARER, "token", text, counts)
    text = _replace(_URL_PASSWORD, "password", text, counts, lambda m: f"{m[1]}:[scrubbed]@")
    text = _replace(
        _ASSIGNED,
        "password",
        text,
        counts,
        lambda m: f"{m['name']}{m['quote']}[scrubbed]{m['quote']}",
    )
    return _CARD.sub(lambda m: _card(m[0], counts), text)


def scrub_assigned(text: str, counts: Counter[str]) -> str:
    """``text`` without what is assigned to a telling name without quotes."""
    return _replace(_UNQUOTED, "password", text, counts, lambda m: f"{m['name']}[scrubbed]")


def _replace(
    pattern: re.Pattern[str],
    rule: str,
    text: str,
    counts: Counter[str],
    by: Callable[[re.Match[str]], str] = lambda _match: "[scrubbed]",
) -> str:
    text, times = pattern.subn(by, text)
    if times:
        counts[rule] += times
    return text


def _card(text: str, counts: Counter[str]) -> str:
    """A payment card's number passes the Luhn check (ISO/IEC 7812-1, annex B)."""
    digits = [int(c) for c in text if c.isdigit()]
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * d, 10)) for d in digits[-2::-2])
    if total % 10 or len(set(digits)) == 1:
        return text
    counts["card"] += 1
    return "[scrubbed]"
