"""Which lines are one record. Pure.

A line belongs to the record before it when

- it is indented (frames of Java, C#, Python and Go; wrapped messages), or closes a bracket alone;
- it goes on with a Java or C# trace: ``Caused by: ``, ``Suppressed: ``, ``--- End of …``; or it
  names an exception and stands, without a time stamp, under a line that is an error;
- Python: it is the exception's own line after the frames, or links two chained exceptions;
  ``Traceback (most recent call last):`` itself belongs to an error line right before it;
- Go: after ``panic: `` or ``fatal error: ``, it is a goroutine, a call, ``created by`` and so on.

Blank lines end nothing: the line after them decides.
"""

from __future__ import annotations

import enum
import re

from updater.logtail.levels import is_error, level_of
from updater.logtail.stamps import has_stamp

_TRACEBACK = "Traceback (most recent call last):"
_CHAIN = re.compile(
    r"During handling of the above exception|The above exception was the direct cause"
)
_CAUSE = re.compile(r"Caused by: |Suppressed: |--- End of |\.\.\. \d+ more")
_CLOSES = re.compile(r"[\])}]+[,;]?\s*")
_EXCEPTION = re.compile(r"(?:[\w$]+\.)+[\w$]*(?:Exception|Error|Throwable)\b")
_GO = re.compile(r"panic: |fatal error: |runtime: ")
_GO_ON = re.compile(
    r"goroutine \d+ \[|created by |exit status \d|\[signal |\[recovered\]|panic: "
    r"|[\w./*(){}\[\]-]+\(.*\)$|rax |r[a-z0-9]{1,2} +0x|main\.\S+$"
)

_CALL = 500  # characters of a line that are looked at: the pattern above is not linear


class _In(enum.Enum):
    PLAIN = "plain"
    FRAMES = "frames"  # of a Python traceback
    ENDED = "ended"  # its exception's line has been
    CHAINED = "chained"  # another traceback must follow
    GO = "go"


class Joiner:
    """Walks over lines; knows only the record that is being joined."""

    def __init__(self) -> None:
        self._state = _In.PLAIN
        self._error = False
        self._begun = False

    def begin(self, line: str) -> None:
        """``line`` is the first of a record."""
        self._begun = True
        self._error = is_error(level_of(line))
        if _TRACEBACK in line:
            self._state = _In.FRAMES
        else:
            self._state = _In.GO if _GO.match(line) else _In.PLAIN

    def takes(self, line: str) -> bool:
        """Whether ``line`` belongs to the record; then the state has moved on."""
        if not self._begun:
            return False
        if not line.strip():
            return True
        return self._indented(line) or self._goes_on(line)

    def _indented(self, line: str) -> bool:
        if _TRACEBACK in line and self._state is not _In.GO:
            joins = line[0] in " \t" or self._state is _In.CHAINED
            joins = joins or (self._state is _In.PLAIN and self._error and not has_stamp(line))
            if joins:
                self._state = _In.FRAMES
            return joins
        return line[0] in " \t" or bool(_CLOSES.fullmatch(line))

    def _goes_on(self, line: str) -> bool:
        if _TRACEBACK in line:
            return False
        if self._state is _In.FRAMES:
            self._state = _In.ENDED
            return True
        if self._state is _In.ENDED and _CHAIN.match(line):
            self._state = _In.CHAINED
            return True
        if self._state is _In.GO:
            return bool(_GO_ON.match(line[:_CALL]))
        if _CAUSE.match(line):
            return True
        return self._state is _In.PLAIN and self._error and bool(_EXCEPTION.match(line))
