"""Who signs in, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from common.settings import setting


@dataclass(frozen=True)
class SessionSettings:
    """How long a sign-in lasts."""

    idle_minutes: int = setting(
        60,
        minimum=1,
        maximum=24 * 60,
        unit="minutes",
        doc="A session that was not used for so long ends; an hour covers a lunch break, and a "
        "forgotten browser is closed before the next shift.",
    )
    most_hours: int = setting(
        12,
        minimum=1,
        maximum=7 * 24,
        unit="hours",
        doc="Every session ends after so long, used or not; one long shift.",
    )
    most_per_account: int = setting(
        20,
        minimum=1,
        maximum=1000,
        unit="sessions",
        doc="Whoever signs in more often at the same time ends the session that was not used for "
        "longest; more than anybody has screens.",
    )


@dataclass(frozen=True)
class SignInSettings:
    """What passwords must be, and what wrong ones cost."""

    least_length: int = setting(
        12,
        minimum=8,
        maximum=128,
        unit="characters",
        doc="Shorter passwords are not taken; length protects better than odd characters.",
    )
    free_failures: int = setting(
        5,
        minimum=1,
        maximum=100,
        unit="wrong passwords",
        doc="So many wrong passwords in a row lock nothing: people mistype.",
    )
    free_failures_per_address: int = setting(
        30,
        minimum=1,
        maximum=10_000,
        unit="wrong passwords",
        doc="The same for an address; more, because a whole shift may sit behind one.",
    )
    first_lock_seconds: int = setting(
        30,
        minimum=1,
        maximum=3600,
        unit="seconds",
        doc="The account's first lock; each further wrong password doubles it. Half a minute is "
        "no harm to a person and ends a guessing program's day.",
    )
    longest_lock_seconds: int = setting(
        3600,
        minimum=1,
        maximum=86400,
        unit="seconds",
        doc="No lock is longer, so that a stranger who guesses cannot keep somebody out for days.",
    )


@dataclass(frozen=True)
class ProgramSettings:
    """Programs that use the interface in a person's name."""

    access_minutes: int = setting(
        10,
        minimum=1,
        maximum=120,
        unit="minutes",
        doc="How long an access token is good for; short, because whoever copies it can use it.",
    )
    refresh_days: int = setting(
        30,
        minimum=1,
        maximum=365,
        unit="days",
        doc="How long a program stays signed in by renewing its token; then it must sign in again.",
    )
