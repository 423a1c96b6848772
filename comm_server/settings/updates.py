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
    bandwidth: int = setting(
        0,
        unit="bytes per second",
        minimum=0,
        doc="So much of the site's line releases may take, so that calls have the rest; 0 is no "
        "limit, and less than 4096 counts as 4096. Downloads resume, so a slow one is only later.",
    )
    inbox: str = setting(
        "",
        doc="Folder into which the vendor may push releases by SFTP; empty: it may not. "
        "docs/push.md sets it up.",
    )
    inbox_every: float = setting(
        10.0,
        unit="seconds",
        minimum=1,
        doc="How often to see whether a push is complete; a look at one file.",
    )
    inbox_keep: float = setting(
        14.0,
        unit="days",
        minimum=1,
        doc="A push that was begun and never finished is let go after so long: the vendor's lists "
        "that it was made of have passed their date by then.",
    )
    inbox_most: int = setting(
        20 * 2**30,
        unit="bytes",
        minimum=2**20,
        doc="More than this in the inbox is let go at once, so that a stolen push key cannot fill "
        "the disk; some releases of every program are far less.",
    )


@dataclass(frozen=True)
class RolloutSettings:
    """How carefully a release spreads."""

    rings: tuple[str, ...] = setting(
        (),
        doc="The rings, in the order in which a release opens them. A ring is a name, the per cent "
        "of all clients that are drawn into it when fewer were named to it by hand, and `approve` "
        "when a person must let it open; the last one takes every client that is left. A release "
        "that is on its way keeps the rings it began with. Empty: those that the vendor asks for, "
        "and where it asks for none, `canary 10%` and `all`. However they are set, no more clients "
        "at a time are let go than the vendor asks for.",
    )
    at_once: int = setting(
        25,
        unit="per cent of a ring's clients",
        minimum=1,
        maximum=100,
        doc="So many of a ring may be at it at the same time, and at least one, so that a bad "
        "release never has a whole ring down before its first receipt comes.",
    )
    enough: int = setting(
        80,
        unit="per cent of a ring's clients",
        minimum=1,
        maximum=100,
        doc="The next ring opens after so many committed; not all, because some computer is always "
        "busy. One that was not heard from for comm.console.silent_after is not waited for.",
    )
    quiet: float = setting(
        600.0,
        unit="seconds",
        minimum=0,
        doc="So long a ring must stay well after enough of it committed, before the next opens.",
    )
    watch: float = setting(
        86400.0,
        unit="seconds",
        minimum=0,
        doc="So long the last ring is watched after it opened; a day sees every shift.",
    )
    most_failures: int = setting(
        1,
        unit="clients",
        minimum=1,
        doc="A release that failed or was rolled back on this many clients is halted on the site.",
    )
    most_missing: int = setting(
        1,
        unit="clients",
        minimum=1,
        doc="A release after whose switch this many clients went missing is halted on the site.",
    )
    missing_after: float = setting(
        900.0,
        unit="seconds",
        minimum=10,
        doc="A client that was let switch and was not heard from for this long is missing; clients "
        "speak every minute.",
    )
    most_new_problems: int = setting(
        1,
        unit="problems",
        minimum=0,
        doc="A release with whose reports this many problems began, or came back, is halted on the "
        "site; 0 halts for none. Warnings do not count.",
    )
    error_factor: float = setting(
        3.0,
        unit="times",
        minimum=0,
        doc="A release that reports this many times as many errors for each client and hour as the "
        "releases before it did in the last week is halted on the site; 0 compares nothing.",
    )
    least_errors: int = setting(
        10,
        unit="reports",
        minimum=1,
        doc="Fewer errors than these are too few to compare.",
    )
    on_halt: str = setting(
        "stay",
        choices=("stay", "return"),
        doc="What clients do that run a release which the site halts: stay with it, or return to "
        "the release they ran before. Either can be ordered on the site's console.",
    )
    window: str = setting(
        "",
        doc="When programs may be restarted, unless the site's console says otherwise: a cron "
        "expression, e.g. `0 20 * * mon-fri`; empty is at any time. Bringing a release to the "
        "clients needs no window.",
    )
    window_minutes: int = setting(
        480,
        unit="minutes",
        minimum=1,
        maximum=10080,
        doc="How long that window stays open; eight hours, from one day's end to the next's begin.",
    )
    window_zone: str = setting(
        "",
        doc="The time zone of that window, e.g. Europe/Berlin; empty is this server's own.",
    )
