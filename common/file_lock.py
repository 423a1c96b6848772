"""A lock of an open file, which ends with the process that holds it; on Linux and on Windows."""

from __future__ import annotations

import os
import sys
import time

# Windows locks bytes, and nobody else reads them: one far behind all that such a file holds.
_PLACE = 2**30
_RETRY_SECONDS = 0.05


def take(descriptor: int, *, wait: bool = False) -> bool:
    """Lock the file for this process; with ``wait`` as soon as nobody else holds it.

    Returns:
        False when somebody else does, and not ``wait``.
    """
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - Windows alone

        while True:
            os.lseek(descriptor, _PLACE, os.SEEK_SET)
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except OSError:
                if not wait:
                    return False
                time.sleep(_RETRY_SECONDS)
            else:
                return True
    import fcntl  # noqa: PLC0415 - everywhere but on Windows

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
