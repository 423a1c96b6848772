"""What a program knows when an updater looks after it: the program's side of the contract.

The standard library alone, because this goes into every packaged program. All of it comes from
the environment that the launcher gives:

============================  ==============================================================
``CALLSTEAD_PROGRAM_PORT``    the port to listen on
``CALLSTEAD_PROGRAM_DATA``    the folder of data that survives updates
``CALLSTEAD_PROGRAM_TOKEN``   what the updater proves itself with: ``Authorization: Bearer …``
``CALLSTEAD_CLOSED_DOORS``    ``GENERATION:FILE``: as long as that file says that this
                              generation is on trial, take nothing from anybody: what would be
                              acknowledged now is lost if the trial is given up
============================  ==============================================================

And two addresses on that port: ``GET /may-restart`` answers ``{"may_restart": bool, "reason"}``;
``POST /drain`` with ``{"drain": true, "seconds": n, "release", "critical"}`` asks to begin nothing
new for so long, because that release waits (critical: it may be put off by nobody). It
is told again and again while it holds, and with ``{"drain": false}`` when it is called off, so
that neither a restart nor a lost updater leaves a seat drained.
"""

from __future__ import annotations

import hmac
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

# Nobody drains a seat for longer than this in one go.
_MOST_SECONDS = 3600.0


def given(product: str, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the updater gives to ``product``, by the name of the setting that it comes before.

    Empty for a program that is in nobody's care.
    """
    said = os.environ if environment is None else environment
    if said.get("CALLSTEAD_PROGRAM") != product:
        return {}
    names = {
        "port": "CALLSTEAD_PROGRAM_PORT",
        "data_dir": "CALLSTEAD_PROGRAM_DATA",
        "dsn": "SENTRY_DSN",
        "ca_file": "CALLSTEAD_CA_FILE",
    }
    return {name: value for name, key in names.items() if (value := said.get(key))}


class Doors:
    """Whether this program may take anything from anybody.

    Args:
        environment: the process's, or a test's.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        given = (os.environ if environment is None else environment).get("CALLSTEAD_CLOSED_DOORS")
        generation, _, file = (given or "").partition(":")
        self._file = Path(file) if generation.isdigit() and file else None
        self._generation = int(generation) if self._file else 0
        self._open = self._file is None

    def closed(self) -> bool:
        """True while the release is on trial; once open they stay open."""
        if not self._open and self._file is not None:
            try:
                pointer = json.loads(self._file.read_bytes())
                own = pointer["generation"] == self._generation
                self._open = own and pointer["trial"] is False
            except (OSError, ValueError, KeyError, TypeError):
                return True  # not known to be open
        return not self._open


class Drain:
    """Whether the updater has asked to begin nothing new."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._until = 0.0
        self._release, self._critical = "", False

    def told(self, said: object) -> bool:
        """Take in the body of ``POST /drain``; False when it is none."""
        if not isinstance(said, dict) or not isinstance(said.get("drain"), bool):
            return False
        seconds = said.get("seconds", 60)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            return False
        with self._lock:
            lasts = min(float(seconds), _MOST_SECONDS) if said["drain"] else 0.0
            self._until = self._monotonic() + lasts
            self._release = str(said.get("release", ""))[:200]
            self._critical = said.get("critical") is True
        return True

    @property
    def release(self) -> str:
        """Which release waits; empty: it was not said."""
        with self._lock:
            return self._release

    @property
    def critical(self) -> bool:
        """Whether it must not be put off."""
        with self._lock:
            return self._critical

    @property
    def on(self) -> bool:
        """Begin nothing new now."""
        with self._lock:
            return self._monotonic() < self._until


def from_updater(authorization: str | None, token: str | None = None) -> bool:
    """Whether the header ``Authorization`` has the token that the updater was given.

    Args:
        authorization: as it came.
        token: for tests; the environment's by default. Without one nobody is the updater.
    """
    token = os.environ.get("CALLSTEAD_PROGRAM_TOKEN", "") if token is None else token
    scheme, _, given = (authorization or "").partition(" ")
    return (
        bool(token) and scheme == "Bearer" and hmac.compare_digest(given.encode(), token.encode())
    )
