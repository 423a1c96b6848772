"""Every setting of the updater."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from common.settings import callstead_home, section, setting


@dataclass(frozen=True)
class EverySettings:
    """How often things are done."""

    check: float = setting(
        60.0,
        unit="seconds",
        minimum=0.2,
        doc="How often to look for a new release, give or take a quarter so that a site's clients "
        "do not come at once. The communications server's hint is quicker; this finds what a lost "
        "hint missed. An idle look costs about half a kilobyte.",
    )
    gate: float = setting(
        5.0,
        unit="seconds",
        minimum=0.1,
        doc="How often to ask a busy program again whether it may be restarted now.",
    )
    probe: float = setting(
        0.5,
        unit="seconds",
        minimum=0.05,
        doc="How often a release on probation is looked at; a release is bad within seconds.",
    )
    verify: float = setting(
        86400.0,
        unit="seconds",
        minimum=60,
        doc="How often the installed releases are hashed again, beside once at each start; what "
        "was changed on the disk is told and built again.",
    )
    vitals: float = setting(
        60.0,
        unit="seconds",
        minimum=1,
        doc="How often the communications server is told how this computer is.",
    )
    retry_first: float = setting(
        1.0, unit="seconds", minimum=0.05, doc="First pause after a step that did not work out."
    )
    retry_most: float = setting(
        300.0,
        unit="seconds",
        minimum=0.05,
        doc="Longest pause between two tries; a server that was away for days is found again "
        "within this time.",
    )


@dataclass(frozen=True)
class NetworkSettings:
    """Patience with the communications server and with programs."""

    connect: float = setting(
        5.0, unit="seconds", minimum=0.1, doc="To reach the communications server on the LAN."
    )
    read: float = setting(
        30.0,
        unit="seconds",
        minimum=0.1,
        doc="Without a byte from it; a full commit of a slow disk fits in.",
    )
    hint_wait: int = setting(
        25,
        unit="seconds",
        minimum=1,
        maximum=60,
        doc="How long one request for hints may stay open; below what firewalls cut.",
    )
    program: float = setting(
        2.0,
        unit="seconds",
        minimum=0.1,
        doc="For a program on this computer to answer its health and may-restart addresses.",
    )


@dataclass(frozen=True)
class ProgramSettings:
    """How programs are started and stopped."""

    stop_seconds: float = setting(
        10.0,
        unit="seconds",
        minimum=0,
        doc="Time a program has to end by itself before it is killed; it may finish a request.",
    )
    max_attempts: int = setting(
        3,
        unit="starts",
        minimum=1,
        doc="A release on trial that needs more starts than this is given up. One start may fail "
        "for reasons outside, such as a port that is still being let go.",
    )
    start_patience: float = setting(
        30.0,
        unit="seconds",
        minimum=1,
        doc="Time for the launcher to stop the old release and start the new one, beyond "
        "stop_seconds, before the update is undone.",
    )

    drain_seconds: float = setting(
        60.0,
        unit="seconds",
        minimum=10,
        doc="For so long a program that was asked to drain begins nothing new; it is asked again "
        "at every look, so this only bounds what a lost updater leaves behind.",
    )
    check_seconds: float = setting(
        30.0, unit="seconds", minimum=1, doc="Time that a release's own check command has."
    )
    server_patience: float = setting(
        300.0,
        unit="seconds",
        minimum=0,
        doc="A release on probation that is well, while the communications server that was there "
        "before the switch is away, is kept waiting for so long before it is given up: the server "
        "may be restarting itself.",
    )
    own_trial_seconds: float = setting(
        900.0,
        unit="seconds",
        minimum=30,
        doc="The updater's own new release must have proved itself within this time, or its "
        "launcher brings the one before back; an updater that hangs cannot do so itself.",
    )
    snapshots: int = setting(
        3,
        unit="snapshots",
        minimum=1,
        maximum=100,
        doc="Copies of a program's data before a switch that are kept beside its slots, the "
        "newest; each is as large as its databases.",
    )
    hook_seconds: float = setting(
        300.0,
        unit="seconds",
        minimum=1,
        doc="Time that a release's hook has to copy or restore data that are no SQLite database; "
        "the program stands still meanwhile.",
    )


@dataclass(frozen=True)
class WindowSettings:
    """``updater.window``: when programs may be restarted for an update."""

    cron: str = setting(
        "",
        doc="When the window opens: minute, hour, day, month and day of the week, for "
        "example `0 22 * * mon-fri`; empty: any time at which the program is free.",
    )
    minutes: int = setting(
        120,
        unit="minutes",
        minimum=1,
        maximum=7 * 24 * 60,
        doc="How long it stays open. A program still in use when it closes goes on until the "
        "next one.",
    )
    zone: str = setting(
        "UTC", unit="IANA time zone", doc="In which `cron` is meant, for example Asia/Shanghai."
    )
    critical_after: float = setting(
        3600.0,
        unit="seconds",
        minimum=0,
        doc="A release that its vendor calls critical waits for window and postponement no longer "
        "than this, and then only for the program to be free; a call is never cut.",
    )


@dataclass(frozen=True)
class LogtailSettings:
    """``updater.logtail``: the log files of programs that cannot report by themselves."""

    files: tuple[str, ...] = setting(
        (),
        doc="Further log files, each as PROGRAM=/PATH or PROGRAM:ENCODING=/PATH, for example "
        "`pbx:gb18030=/var/log/pbx/*.log`; the encoding is utf-8 when none is named. What the "
        "programs in the updater's care print is always followed.",
    )
    every: float = setting(
        1.0,
        unit="seconds",
        minimum=0.05,
        doc="How often the files are looked at; an idle look costs one `stat` each.",
    )
    join: float = setting(
        1.0,
        unit="seconds",
        minimum=0,
        doc="The last line of a file waits this long for more lines of the same stack trace.",
    )
    most_line: int = setting(
        32 * 1024,
        unit="bytes",
        minimum=256,
        maximum=2**17,
        doc="Longest line; the rest of a longer one is cut off. Of a record with many lines twice "
        "as much is kept, its beginning and its end.",
    )
    most_lines: int = setting(
        10_000,
        unit="records a minute",
        minimum=1,
        doc="Of one file; more are left out, and a line says how many. Hardly any program writes "
        "so much unless it spins.",
    )
    most_errors: int = setting(
        600,
        unit="errors a minute",
        minimum=1,
        doc="Of one file, counted apart, so that a flood of other lines hides no error.",
    )
    first_read: int = setting(
        256 * 1024,
        unit="bytes",
        minimum=0,
        doc="Of a file that is there already when its pattern is new, only so much of its end is "
        "read: old errors are no news. Files that appear later are read whole.",
    )
    ring: int = setting(
        32 * 2**20,
        unit="bytes",
        minimum=64 * 1024,
        doc="Lines kept on this computer, sent or not; the oldest go first. Days of an ordinary "
        "program, should the communications server be away.",
    )


@dataclass(frozen=True)
class UpdaterSettings:
    """The updater of one client."""

    data_dir: str = setting("", doc="Where its data lies; empty: `updater` in CALLSTEAD_HOME.")
    log_level: str = setting(
        "info", choices=("debug", "info", "warning", "error"), doc="Least level that is logged."
    )
    disk_reserve: int = setting(
        200 * 2**20,
        unit="bytes",
        minimum=0,
        doc="Space that an update leaves free; the programs' own databases share this disk.",
    )
    stop_programs_on_exit: bool = setting(
        False,
        doc="Stop the programs when the updater stops. Off, because programs must outlive an "
        "updater that is restarted; `callstead run` switches it on.",
    )
    every: EverySettings = section(EverySettings)
    network: NetworkSettings = section(NetworkSettings)
    programs: ProgramSettings = section(ProgramSettings)
    window: WindowSettings = section(WindowSettings)
    logtail: LogtailSettings = section(LogtailSettings)

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data_dir).resolve() if self.data_dir else callstead_home() / "updater"
