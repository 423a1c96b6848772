"""How its processes run, are watched, updated, and what they keep of the past."""

from __future__ import annotations

from dataclasses import dataclass

from common.settings import setting


@dataclass(frozen=True)
class NodesSettings:
    """More than one process, on one machine or on several."""

    name: str = setting(
        "",
        unit="host name",
        doc="How this machine is called among the others; empty: its host name.",
    )
    redis_url: str = setting(
        "",
        doc="The Redis that carries wake-ups between machines, like redis://:password@host:6379/0 "
        "(rediss:// for TLS); empty: processes of one machine wake each other, those of others are "
        "heard within a second. Prefer the environment variable: it holds a password.",
    )
    lease_seconds: int = setting(
        15,
        minimum=5,
        maximum=300,
        unit="seconds",
        doc="What only one worker may do is done by another so long after its machine died; short "
        "enough that offers do not ring for long at nobody, long enough for a slow disk.",
    )


@dataclass(frozen=True)
class UpdateSettings:
    """Updates of this program that wait for its people."""

    postpone_minutes: int = setting(
        60,
        minimum=5,
        maximum=480,
        unit="minutes",
        doc="An agent who is told that an update waits can put it off for so long.",
    )
    most_postponed_minutes: int = setting(
        240,
        minimum=0,
        maximum=1440,
        unit="minutes",
        doc="All postponements of one update together end so long after the first, so that a fault "
        "that is mended stays no longer than half a shift; 0: nobody can put it off. A release "
        "that its vendor calls critical is never put off.",
    )


@dataclass(frozen=True)
class MetricsSettings:
    """Who may read /metrics."""

    networks: tuple[str, ...] = setting(
        ("127.0.0.0/8", "::1/128"),
        unit="networks",
        doc="Addresses that may read /metrics without a token; by default this machine alone, "
        "because the numbers tell a stranger how the site works.",
    )
    token: str = setting(
        "",
        doc="Others may read /metrics with 'Authorization: Bearer' and this text; empty: nobody "
        "else. Prefer the environment variable, so that the secret is not in a shared file.",
    )


@dataclass(frozen=True)
class ReportSettings:
    """Figures of the past."""

    keep_days: int = setting(
        1100,
        minimum=32,
        maximum=36500,
        unit="days",
        doc="Reports reach back so far; three years let this month stand beside that of the years "
        "before, in a few hundred megabytes.",
    )
