"""The process in which reports are understood, and how it is spoken to; see `Understander`.

It imports little, for its memory counts: no logs, no database, no web.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import struct
import sys
from typing import IO, Any

from comm_server.understanding import understand

READY = "ready"
_SIZE = struct.Struct("<Q")
_NICE = 3


def write(pipe: IO[bytes], value: Any) -> None:
    """Say one thing."""
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    pipe.write(_SIZE.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def read(pipe: IO[bytes]) -> Any:
    """The next thing said, or None at the end. Both ends are this program."""
    head = pipe.read(_SIZE.size)
    if len(head) < _SIZE.size:
        return None
    (size,) = _SIZE.unpack(head)
    data = pipe.read(size)
    return pickle.loads(data) if len(data) == size else None  # noqa: S301


def main() -> None:
    """Understand chunks of reports until the input ends."""
    for number in (signal.SIGINT, signal.SIGTERM):  # its parent ends it, after its last work
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError):  # where that is not allowed, it is merely not nice
        os.nice(_NICE)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody's print may stand among them
    write(answers, READY)
    while (asked := read(sys.stdin.buffer)) is not None:
        chunk, settings, phones = asked
        with contextlib.suppress(BrokenPipeError):
            write(answers, [understand(one, settings, phones) for one in chunk])


if __name__ == "__main__":
    main()
