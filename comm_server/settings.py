"""Every setting of the communications server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from common.settings import callstead_home, section, setting


@dataclass(frozen=True)
class IntakeSettings:
    """What programs may send."""

    allow_plain_http: bool = setting(
        False,
        doc="Take reports over plain HTTP too, for programs on the LAN that cannot speak TLS. "
        "Off, because a report may quote what a customer typed.",
    )
    most_compressed: int = setting(
        20 * 2**20,
        unit="bytes",
        minimum=1024,
        doc="Largest body of one request as it is sent; the Sentry protocol's own limit.",
    )
    most_expanded: int = setting(
        100 * 2**20,
        unit="bytes",
        minimum=1024,
        doc="Largest body of one request after decompression, checked while it is expanded.",
    )
    most_event: int = setting(
        2**20,
        unit="bytes",
        minimum=1024,
        doc="Largest single event; a larger one is kept raw in quarantine and mailed as it is.",
    )
    keep_ids: int = setting(
        100_000,
        unit="reports",
        minimum=1000,
        doc="So many ids of reports that went home are remembered, to know one that is sent twice; "
        "about 200 bytes each.",
    )
    keep_first: int = setting(
        10,
        unit="reports",
        minimum=1,
        doc="The first reports of a problem are kept whole; after them only the first of each "
        "release and samples (the 16th, 32nd, 64th, …), so that an error storm costs counters and "
        "not the disk.",
    )
    keep_per_problem: int = setting(
        10,
        unit="reports",
        minimum=1,
        doc="Reports of one problem kept whole for one bundle; further ones are only counted, "
        "whatever else would keep them.",
    )
    keep_hours: float = setting(
        14.0,
        unit="days",
        minimum=2,
        doc="How often a problem occurred is kept by the hour for so long; two weeks show whether "
        "a weekday or a release made the difference. At most 24 small rows a day and problem.",
    )
    keep_verbatim: int = setting(
        100,
        unit="requests",
        minimum=0,
        doc="Attachments and unknown items of one DSN that wait for the mail as they were sent; "
        "further ones are only counted, for nobody here can say what they are worth.",
    )
    syslog_udp_port: int = setting(
        0,
        unit="UDP port",
        minimum=0,
        maximum=65535,
        doc="Syslog over UDP, RFC 5424 and 3164; 0: off. Anyone on the LAN can write to "
        "it without a key, hence a choice.",
    )
    syslog_tcp_port: int = setting(
        0,
        unit="TCP port",
        minimum=0,
        maximum=65535,
        doc="Syslog over TCP, octet-counted or ended by newline or NUL; 0: off.",
    )
    syslog_tls_port: int = setting(
        0,
        unit="TCP port",
        minimum=0,
        maximum=65535,
        doc="Syslog over TLS (RFC 5425) with this server's certificate; 0: off.",
    )
    gelf_udp_port: int = setting(
        0,
        unit="UDP port",
        minimum=0,
        maximum=65535,
        doc="GELF over UDP, chunked and compressed; 0: off. GELF over HTTP is always there.",
    )
    syslog_least: str = setting(
        "error",
        choices=("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"),
        doc="Syslog messages of this severity and worse become reports; the rest is not kept.",
    )
    most_line: int = setting(
        65_536,
        unit="bytes",
        minimum=480,
        doc="Longest syslog message; of a longer one the beginning is kept. RFC 5424 asks for "
        "2048 at least; a stack trace needs more.",
    )
    most_connections: int = setting(
        200,
        unit="connections",
        minimum=1,
        doc="Syslog connections at a time; further ones are closed at once.",
    )
    idle_seconds: float = setting(
        3600.0,
        unit="seconds",
        minimum=1,
        doc="A syslog connection that says nothing for so long is closed; long, because senders "
        "lose the next line when theirs was closed.",
    )
    most_sources: int = setting(
        1000,
        unit="DSNs",
        minimum=1,
        doc="Syslog and GELF senders that were never seen before get no name of their own beyond "
        "this, so that forged addresses fill no table.",
    )


@dataclass(frozen=True)
class BundleSettings:
    """When what is known goes home."""

    urgent_after: float = setting(
        5.0,
        unit="seconds",
        minimum=0,
        doc="A new problem or a failed update is mailed this long after it was first seen; "
        "short, but long enough for its brothers to travel in the same mail.",
    )
    urgent_per_hour: int = setting(
        12,
        unit="mails",
        minimum=1,
        doc="At most this many urgent mails an hour; the rest waits for the schedule.",
    )
    every: float = setting(
        3600.0, unit="seconds", minimum=1, doc="The schedule: what is new is mailed this often."
    )
    alive_every: float = setting(
        86400.0,
        unit="seconds",
        minimum=1,
        doc="A site with nothing to say still says this often that it is alive.",
    )
    most_bytes: int = setting(
        7_000_000,
        unit="bytes",
        minimum=65536,
        doc="Largest mail, encoded as it is sent; most relays take 10 MB, some less. What does not "
        "fit follows at once in the next mail. A relay that takes less is heard: mails to it are "
        "made as small as its SIZE, or half as large after a 552.",
    )


@dataclass(frozen=True)
class MailSettings:
    """The way out. Empty texts mean: what the vendor's kit says."""

    host: str = setting("", doc="SMTP relay; empty: the vendor's own server from the kit.")
    port: int = setting(
        0, unit="TCP port", minimum=0, maximum=65535, doc="Its port; 0: the one from the kit."
    )
    security: str = setting(
        "",
        choices=("", "starttls", "tls", "none"),
        doc="How the connection is protected; empty: as the kit says. `none` sends the readable "
        "part in clear; the bundle itself is always sealed.",
    )
    ca_file: str = setting(
        "",
        doc="PEM that the relay's certificate must lead to; empty: the kit's, else the system's.",
    )
    user: str = setting("", doc="User name for the relay; empty: no sign-in.")
    password_file: str = setting(
        "", doc="File that holds the relay's password, so that it stands in no settings file."
    )
    sender: str = setting(
        "", doc="From address; empty: callstead@ this machine's name. Some relays insist on one."
    )
    timeout: float = setting(
        60.0, unit="seconds", minimum=1, doc="For each step of the SMTP conversation."
    )
    languages: tuple[str, ...] = setting(
        ("zh-CN", "en"), doc="Languages of the readable part, in this order."
    )
    resend_after: float = setting(
        172800.0,
        unit="seconds",
        minimum=60,
        doc="A mail that was taken but not acknowledged is sent again after this long.",
    )
    acknowledgements_every: float = setting(
        15.0,
        unit="seconds",
        minimum=1,
        doc="How often to look for the vendor's acknowledgement while one is awaited.",
    )


@dataclass(frozen=True)
class AcknowledgementSettings:
    """A mailbox that the vendor's acknowledgements come to, beside the update channel."""

    kind: str = setting(
        "",
        choices=("", "imap", "pop3"),
        doc="How the mailbox is read; empty: there is none, and the update channel is enough. For "
        "sites that have mail and nothing else.",
    )
    address: str = setting(
        "",
        doc="Where the vendor shall mail acknowledgements; it stands in every bundle. Empty: none "
        "are mailed.",
    )
    host: str = setting("", doc="The mailbox's server.")
    port: int = setting(
        0,
        unit="TCP port",
        minimum=0,
        maximum=65535,
        doc="Its port; 0: the usual one (143 and 993 for IMAP, 110 and 995 for POP3).",
    )
    security: str = setting(
        "tls",
        choices=("starttls", "tls", "none"),
        doc="How the connection is protected; `none` sends the password in clear.",
    )
    ca_file: str = setting(
        "", doc="PEM that the server's certificate must lead to; empty: the system's authorities."
    )
    user: str = setting("", doc="User name of the mailbox.")
    password_file: str = setting(
        "", doc="File that holds its password, so that it stands in no settings file."
    )
    folder: str = setting("INBOX", doc="Folder of the mailbox; POP3 knows only one.")
    after: str = setting(
        "delete",
        choices=("delete", "mark"),
        doc="What happens to an acknowledgement that was read, after it was noted: it is deleted, "
        "or marked as read (IMAP). Other mails are never touched.",
    )
    timeout: float = setting(
        30.0, unit="seconds", minimum=1, doc="For each step of the conversation."
    )
    every: float = setting(
        60.0,
        unit="seconds",
        minimum=1,
        doc="How often the mailbox is looked into while an acknowledgement is awaited; a minute is "
        "no burden for any mail server.",
    )


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


@dataclass(frozen=True)
class ConsoleSettings:
    """What the site's console calls a person to look at."""

    silent_after: float = setting(
        900.0,
        unit="seconds",
        minimum=10,
        doc="A client that was not heard from for this long is shown as silent; clients speak "
        "every minute, so this is many words missed and not one.",
    )
    overdue_after: float = setting(
        3600.0,
        unit="seconds",
        minimum=10,
        doc="A bundle that the vendor has not acknowledged after this long is shown as not "
        "delivered; the usual answer takes seconds, a relay's queue rarely an hour.",
    )
    recent: float = setting(
        7.0,
        unit="days",
        minimum=1,
        doc="New problems and refused releases stay on the overview for this long; a week, so "
        "that a holiday hides nothing.",
    )


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


@dataclass(frozen=True)
class CommSettings:
    """The communications server."""

    host: str = setting(
        "0.0.0.0",  # noqa: S104 - every program of the LAN reports here
        doc="Address to listen on; all, because every computer of the site reports here.",
    )
    port: int = setting(
        8090, unit="TCP port", minimum=1, maximum=65535, doc="Port for programs, clients, console."
    )
    names: tuple[str, ...] = setting(
        (),
        doc="Further names and addresses under which clients reach this server; they stand in "
        "its certificate beside localhost and the machine's own name.",
    )
    data_dir: str = setting("", doc="Where its data lies; empty: `comm` in CALLSTEAD_HOME.")
    log_level: str = setting(
        "info", choices=("debug", "info", "warning", "error"), doc="Least level that is logged."
    )
    intake: IntakeSettings = section(IntakeSettings)
    bundle: BundleSettings = section(BundleSettings)
    mail: MailSettings = section(MailSettings)
    acknowledgements: AcknowledgementSettings = section(AcknowledgementSettings)
    mirror: MirrorSettings = section(MirrorSettings)
    rollout: RolloutSettings = section(RolloutSettings)
    console: ConsoleSettings = section(ConsoleSettings)
    logs: LogSettings = section(LogSettings)

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data_dir).resolve() if self.data_dir else callstead_home() / "comm"
