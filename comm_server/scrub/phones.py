"""Telephone numbers, as the customer's administrator wants them masked. Pure.

Repetitions are bounded or possessive, as in `comm_server.scrub.values`; a text without enough
digits is passed over at once. Letters beside a number are ASCII letters here: Chinese is written
without spaces.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

MODES = ("off", "last4", "all")
KINDS = ("cn-mobile", "cn-landline", "international", "extension")

_BEFORE = r"(?<![0-9A-Za-z_.+])(?<![0-9A-Fa-f]-)"  # nor in a UUID
_AFTER = r"(?![0-9A-Za-z_]|[.-][0-9])"
_CHINA = r"(?:(?:\+|00)?86[ -]?+)?"
_PATTERNS = {
    # 1[3-9] and nine digits, in groups of 3-4-4 or none (工信部 numbering plan).
    "cn-mobile": re.compile(rf"{_BEFORE}{_CHINA}1[3-9][0-9](?:[ -]?[0-9]{{4}}){{2}}{_AFTER}"),
    # An area code with its 0 (or +86 without it) and seven or eight digits, perhaps an extension.
    "cn-landline": re.compile(
        rf"{_BEFORE}(?:\((?:0(?:10|2[0-9]|[3-9][0-9]{{2}}))\)|0(?:10|2[0-9]|[3-9][0-9]{{2}})"
        r"|(?:\+|00)86[ -]?(?:10|2[0-9]|[3-9][0-9]{2}))"
        r"[ -]?[2-8][0-9]{2,3}[ -]?[0-9]{4}(?:(?:-|转)[0-9]{1,6})?"
        rf"{_AFTER}"
    ),
    # ITU-T E.164: a plus, a country code, at most 15 digits in all.
    "international": re.compile(
        r"(?<![0-9A-Za-z_+])\+[1-9](?:[ .()-]{0,2}[0-9]){7,14}(?![0-9A-Za-z_])"
    ),
    # Known only by what stands before it.
    "extension": re.compile(
        r"(?P<word>(?:分机号?|内线|\bext(?:ension)?\b\.?|(?:PJSIP|SIP|Local)/|\bsips?:)"
        r"[ :：#]{0,3})"
        r"[0-9]{2,6}(?![0-9A-Za-z_])",
        re.IGNORECASE | re.ASCII,
    ),
}
_ENOUGH = re.compile(r"[0-9](?:[ .()-]{0,2}[0-9]){6}")
_EXTENSION_WORD = re.compile(r"分机|内线|ext|SIP|Local/", re.IGNORECASE)


@dataclass(frozen=True)
class Phones:
    """What is done with telephone numbers.

    Attributes:
        mode: ``off``; ``last4``: all but the last four digits are masked; ``all``.
        kinds: which numbers, of `KINDS`. An extension is masked whole in either mode: it is no
            longer than what would be left of it.
    """

    mode: str = "last4"
    kinds: tuple[str, ...] = ("cn-mobile", "cn-landline", "international")


def mask_phones(text: str, phones: Phones, counts: Counter[str]) -> str:
    """``text`` with its numbers masked; counts them as ``phone``."""
    if phones.mode == "off":
        return text
    if _ENOUGH.search(text):
        for kind in ("international", "cn-mobile", "cn-landline"):
            if kind in phones.kinds and (kind != "international" or "+" in text):
                text = _masked(_PATTERNS[kind], text, phones.mode, counts)
    if "extension" in phones.kinds and _EXTENSION_WORD.search(text):
        text, times = _PATTERNS["extension"].subn(r"\g<word>[phone]", text)
        if times:
            counts["phone"] += times
    return text


def _masked(pattern: re.Pattern[str], text: str, mode: str, counts: Counter[str]) -> str:
    def mask(found: re.Match[str]) -> str:
        digits = "".join(c for c in found[0] if c.isdigit())
        return f"[phone *{digits[-4:]}]" if mode == "last4" else "[phone]"

    text, times = pattern.subn(mask, text)
    if times:
        counts["phone"] += times
    return text
