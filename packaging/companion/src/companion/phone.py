"""From what somebody copied to a number that can be dialled.

Numbers of the Chinese numbering plan become E.164 (``+8613800138000``); service numbers such as
110 or 95588 have no E.164 form and stay as they are.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_CANDIDATE = re.compile(
    r"\(?\+?\(?\d[\d\s().\-/]*(?:(?:转|轉|分机|ext\.?|x|#)[\s:]*\d+)?", re.IGNORECASE
)
_PIECE = re.compile(r"\S*\d\S*")
_SEPARATORS = str.maketrans("", "", " \t\r\n().-/")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ー－", "-"))

_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(?:10|2\d|[3-9]\d{2})[2-8]\d{6,7}")
_LOCAL = re.compile(r"[2-8]\d{6,7}")
_SHARED_COST = re.compile(r"[48]00\d{7}")
_SERVICE = re.compile(r"1[0-2]\d{1,4}|9[56]\d{3,4}")
_ABROAD = re.compile(r"[1-9]\d{7,14}")


class NoNumberError(Exception):
    """The text holds nothing that can be dialled."""


@dataclass(frozen=True)
class PhoneNumber:
    """A number to dial.

    Attributes:
        number: E.164, or a service number as it is.
        extension: digits to dial after the answer; empty for a direct number.
    """

    number: str
    extension: str = ""


def normalise(text: str, home_area: str = "10") -> PhoneNumber:
    """The first number in ``text``.

    Args:
        text: what was copied, e.g. ``电话：(010) 6552-9988``.
        home_area: area code without the 0, for local numbers.

    Raises:
        NoNumberError: there is none.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES)
    for found in _CANDIDATE.finditer(plain):
        for reading in (found.group(), *_PIECE.findall(found.group())):
            compact = reading.translate(_SEPARATORS)
            # As an integer the +, the 00 and the trunk 0 fall away alike.
            digits = str(int(compact))
            if compact.startswith(("+", "00")):
                number = _international(digits)
            else:
                number = _national(digits, home_area)
            if number:
                return PhoneNumber(number)
    raise NoNumberError(f"There is no number that can be dialled in {text[:80]!r}.")


def _international(digits: str) -> str | None:
    if digits.startswith("86"):
        return _national(digits[2:].removeprefix("0"), home_area="")
    return f"+{digits}" if _ABROAD.fullmatch(digits) else None


def _national(digits: str, home_area: str) -> str | None:
    if _SERVICE.fullmatch(digits):
        return digits
    if any(kind.fullmatch(digits) for kind in (_MOBILE, _SHARED_COST, _LANDLINE)):
        return f"+86{digits}"
    if home_area and _LOCAL.fullmatch(digits):
        return f"+86{home_area}{digits}"
    return None
