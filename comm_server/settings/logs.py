"""Log lines of the site's machines."""

from __future__ import annotations

from dataclasses import dataclass

from common.settings import setting


@dataclass(frozen=True)
class LogSettings:
    """``comm.logs``: log lines of the site's machines."""

    keep_days: float = setting(
        7.0,
        unit="days",
        minimum=0.01,
        doc="Lines are kept for so long; a week, so that what happened before a holiday is there.",
    )
    keep_bytes: int = setting(
        512 * 2**20,
        unit="bytes",
        minimum=2**16,
        doc="Lines take at most about so much of the disk; the oldest go first.",
    )
    before: float = setting(
        120.0,
        unit="seconds",
        minimum=0,
        doc="A bundle takes the lines of all machines from so long before a new problem's first "
        "occurrence; the cause is seldom older.",
    )
    after: float = setting(
        60.0,
        unit="seconds",
        minimum=0,
        doc="And up to so long after it. An urgent bundle does not wait for them, and takes what "
        "is there: a mail at once is worth more. To have them all, comm.bundle.urgent_after must "
        "be at least as long.",
    )
    most_lines: int = setting(
        2000, unit="lines", minimum=0, doc="Of one bundle; those next to the errors stay."
    )
    most_bytes: int = setting(
        512 * 1024,
        unit="bytes",
        minimum=0,
        doc="Of one bundle's lines before compression, and never more than a quarter of "
        "`comm.bundle.most_bytes`: the reports go first.",
    )
