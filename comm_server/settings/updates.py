"""How releases come in and spread."""

from __future__ import annotations

from dataclasses import dataclass

from common.settings import setting


@dataclass(frozen=True)
class MirrorSettings:
    """The way in for releases."""

    every: float = setting(
        300.0,
        unit="seconds",
        minimum=1,
        doc="How often to look for new releases at the vendor, with jitter. An idle look costs "
        "about half a kilobyte.",
    )


@dataclass(frozen=True)
class RolloutSettings:
    """How carefully a release spreads."""

    most_failures: int = setting(
        1,
        unit="clients",
        minimum=1,
        doc="A release that failed or was rolled back on this many clients is halted on the site.",
    )
