"""Values that are secrets wherever they stand.

A report may hold a megabyte of one word, and a pattern runs without giving way to other threads:
every repetition below is bounded, possessive, or ends where the next match could begin, so that
the time grows with the length and not with its square.
"""

from __future__ import annotations

import re
from collections import Counter

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
# Each with words of which one stands wherever it matches: looking for those costs a tenth.
_RULES: tuple[tuple[tuple[str, ...], re.Pattern[str], str, str], ...] = (
    (("-----begin",), _PEM, "private key", "[scrubbed]"),
    (("eyj",), _JWT, "token", "[scrubbed]"),
    (("bearer", "basic"), _BEARER, "token", "[scrubbed]"),
    (("://",), _URL_PASSWORD, "password", r"\1:[scrubbed]@"),
    (
        ("passw", "secret", "token", "apikey", "api_key"),
        _ASSIGNED,
        "password",
        r"\g<name>\g<quote>[scrubbed]\g<quote>",
    ),
)
_CARD = re.compile(r"(?<![\d+-])(?:\d[ -]?){12,18}\d(?![\d-])")


def scrub_text(text: str, counts: Counter[str]) -> str:
    """``text`` without secrets; adds to ``counts`` what was found."""
    lower = text.lower() if text.isascii() else None  # beyond it, other letters count as these
    for words, pattern, rule, by in _RULES:
        if lower is None or any(word in lower for word in words):
            text = _replace(pattern, rule, text, counts, by)
    return _CARD.sub(lambda m: _card(m[0], counts), text)


def scrub_assigned(text: str, counts: Counter[str]) -> str:
    """``text`` without what is assigned to a telling name without quotes."""
    return _replace(_UNQUOTED, "password", text, counts, r"\g<name>[scrubbed]")


def _replace(pattern: re.Pattern[str], rule: str, text: str, counts: Counter[str], by: str) -> str:
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
