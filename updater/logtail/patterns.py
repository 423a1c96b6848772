"""Which files are followed: ``PROGRAM=GLOB`` or ``PROGRAM:ENCODING=GLOB``."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

from common.errors import OperatorError

_PATTERN = re.compile(r"\s*([a-z][a-z0-9_-]{0,39})(?::([\w-]+))?\s*=\s*(/.+?)\s*")
_COMPRESSED = re.compile(r"\.(?:gz|xz|bz2|zst|zip|Z)$")
# app.log.1, app.log-20261121, app.log.2026-11-21_09: a number or a date after the whole name.
_AFTER = r"[.-]\d[\d.T_-]*"


@dataclass(frozen=True)
class Pattern:
    """Files of one program.

    Attributes:
        encoding: a codec whose line ends are the byte 10; what it cannot read is replaced.
    """

    program: str
    glob: str
    encoding: str = "utf-8"


def read_pattern(text: str) -> Pattern:
    """Read an entry of ``updater.logtail.files``. Raises OperatorError."""
    found = _PATTERN.fullmatch(text)
    if not found:
        raise OperatorError(
            f"updater.logtail.files: {text!r} is not PROGRAM=/PATH or PROGRAM:ENCODING=/PATH, "
            "for example pbx:gb18030=/var/log/pbx/*.log."
        )
    encoding = found[2] or "utf-8"
    try:
        one_byte = "\n".encode(codecs.lookup(encoding).name) == b"\n"
    except (LookupError, UnicodeError):
        one_byte = False
    if not one_byte:
        raise OperatorError(
            f"updater.logtail.files: the encoding {encoding!r} of {text!r} cannot be followed. "
            "Use utf-8 or gb18030."
        )
    return Pattern(found[1], found[3], encoding)


def is_rotated(name: str, base: str) -> bool:
    """Whether ``name`` is what a rotation made of the file ``base`` (names without folder)."""
    if name == base:
        return False
    if re.fullmatch(re.escape(base) + _AFTER, name):
        return True
    stem, dot, ending = base.rpartition(".")  # app.1.log and app-2026-11-21.log of Java and .NET
    return bool(dot and re.fullmatch(re.escape(stem) + _AFTER + re.escape(dot + ending), name))


def worth_following(names: Iterable[str], known: Iterable[str] = ()) -> list[str]:
    """Of the matched ``names`` (one folder's) those that are neither rotated nor compressed.

    ``known`` were followed before: between rename and creation the base is not there.
    """
    matched = {name for name in names if not _COMPRESSED.search(name)}
    bases = matched | set(known)
    return sorted(n for n in matched if not any(is_rotated(n, base) for base in bases))
