"""Calls to numbers outside: which may be called, from which number, for how long.

Whoever gets at a telephone system calls expensive numbers with it (toll fraud), by a stolen
password or by asking to be called back there. So nothing is called that was not allowed: of the
prefixes that a number begins with the longest decides, allowed or denied; denied, if it is in both
lists; without any, it is not called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.domain.refusals import InvalidError

ANY = "*"  # in a list of prefixes: every number
_BETWEEN = re.compile(r"[\s().\-/]+")  # as people write numbers
_NUMBER = re.compile(r"\+?[0-9]{2,24}")
_PREFIX = re.compile(r"\+?[0-9]{1,24}|\*")


class NumberRefusedError(InvalidError):
    """The number is not called; the kind says why."""


@dataclass(frozen=True)
class Dialling:
    """What is called.

    Attributes:
        possible: whether there is a trunk for calls to outside.
        allowed, denied: prefixes, see the module.
        caller: the number that people outside see when a queue has none of its own.
        seconds: how long a number outside rings.
        tries: how often a callback is tried.
        pause: minutes until the second try; each further pause is twice as long.
        onward: minutes that a caller and a number outside may speak on without an agent.
    """

    possible: bool = False
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    caller: str = ""
    seconds: int = 45
    tries: int = 3
    pause: float = 5.0
    onward: float = 240.0

    def judge(self, number: str) -> str:
        """The number as it is dialled. Raises NumberRefusedError."""
        plain = plain_number(number)
        if not self.possible:
            raise NumberRefusedError("dial-no-trunk")
        if _longest(plain, self.allowed) <= _longest(plain, self.denied):
            raise NumberRefusedError("dial-not-allowed", number=plain)
        return plain

    def allows(self, number: str) -> bool:
        """Whether it may be called."""
        try:
            self.judge(number)
        except NumberRefusedError:
            return False
        return True

    def pause_after(self, tries: int) -> float | None:
        """Minutes until the next try, after so many in vain; None: it was the last."""
        return None if tries >= self.tries else self.pause * 2 ** (tries - 1)


def plain_number(text: str) -> str:
    """As it is dialled and told, without what people write between. Raises NumberRefusedError."""
    plain = _BETWEEN.sub("", text)
    if not _NUMBER.fullmatch(plain):
        raise NumberRefusedError("dial-form", number=text[:40])
    return plain


def is_prefix(text: str) -> bool:
    """Whether it can stand in a list of prefixes."""
    return _PREFIX.fullmatch(text) is not None


def _longest(number: str, prefixes: Iterable[str]) -> int:
    """Of those that fit, how long the longest is; `ANY` has none, -1: no one fits."""
    fits = [0 if one == ANY else len(one) for one in prefixes
            if one == ANY or number.startswith(one)]  # fmt: skip
    return max(fits, default=-1)
