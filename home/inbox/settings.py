"""Settings of the home's mail server and inbox."""

from __future__ import annotations

from dataclasses import dataclass

from common.mail.settings import AccountSettings
from common.settings import setting


@dataclass(frozen=True)
class MailServerSettings:
    """``home.mail``: the small SMTP server that takes the sites' mails."""

    enabled: bool = setting(
        True,
        doc="Run the built-in mail server. False when another server delivers into the Maildir.",
    )
    host: str = setting(
        "0.0.0.0",  # noqa: S104 - the sites' mails come from outside
        doc="Address to listen on for mail. All addresses, because sites send from outside.",
    )
    port: int = setting(
        8025,
        unit="TCP port",
        doc="Port for SMTP. Not 25, which needs root; forward 25 to it where mail comes directly.",
        minimum=1,
        maximum=65535,
    )
    public_host: str = setting(
        "127.0.0.1",
        doc="Host name or address that the kits of sites name for mail. 127.0.0.1 suits a home and "
        "a site on one machine; a real home sets its public name before it makes kits.",
    )
    public_port: int = setting(
        0,
        unit="TCP port",
        doc="Port that the kits name for mail, where a forwarding differs. 0: the port itself.",
        minimum=0,
        maximum=65535,
    )
    addresses: tuple[str, ...] = setting(
        ("bundles@callstead.home",),
        doc="Mail addresses that are accepted, the first one stands in the kits. Every other one is"
        " refused, so that the server is no use to anyone else.",
    )
    require_tls: bool = setting(
        True,
        doc="Take mail after STARTTLS only. Bundles are sealed anyway; this hides who writes.",
    )
    most_bytes: int = setting(
        10_485_760,
        unit="bytes",
        doc="Largest mail, told to senders by SIZE. Bundles are capped at 7 MB encoded; a "
        "little more leaves room for headers and for a newer version's cap.",
        minimum=65_536,
    )
    timeout: float = setting(
        60.0,
        unit="seconds",
        doc="A silent connection is closed after this long; slow lines still send a line a minute.",
        minimum=1,
    )
    most_connections: int = setting(
        50,
        unit="connections",
        doc="Connections at once; more are told to come back. Bounds memory to this many mails.",
        minimum=1,
    )


@dataclass(frozen=True)
class ImapSettings(AccountSettings):
    """``home.imap``: a mailbox elsewhere that sites' mails come to, beside the Maildir."""

    host: str = setting("", doc="Its IMAP server; empty: there is no such mailbox.")
    port: int = setting(
        0,
        unit="TCP port",
        doc="Its port; 0: the usual one, 993, or 143 for STARTTLS.",
        minimum=0,
        maximum=65535,
    )
    folder: str = setting(
        "INBOX", doc="Folder that is read. Every mail in it is taken: give bundles their own."
    )
    read_folder: str = setting("Read", doc="Folder that mails are moved to once recorded.")
    refused_folder: str = setting("Refused", doc="Folder that refused mails are moved to.")
    every: float = setting(
        60.0,
        unit="seconds",
        doc="How often it is looked into; a minute is no burden for any mail server.",
        minimum=1,
    )


@dataclass(frozen=True)
class AcknowledgementSettings(AccountSettings):
    """``home.acknowledgements``: the relay for acknowledgements that sites want by mail."""

    host: str = setting("", doc="SMTP relay; empty: no acknowledgement is mailed.")
    port: int = setting(25, unit="TCP port", doc="Its port.", minimum=1, maximum=65535)
    security: str = setting(
        "starttls",
        choices=("starttls", "tls", "none"),
        doc="How the connection is protected. What is mailed is signed and holds no secret.",
    )
    sender: str = setting(
        "", doc="From address; empty: the first of home.mail.addresses. Some relays insist on one."
    )
    timeout: float = setting(
        60.0, unit="seconds", doc="For each step of the SMTP conversation.", minimum=1
    )


@dataclass(frozen=True)
class InboxSettings:
    """``home.inbox``: reading the Maildir."""

    every: float = setting(
        5.0,
        unit="seconds",
        doc="How often new mail is looked for. Looking costs one listing of a folder.",
        minimum=0.2,
    )
    most_refused: int = setting(
        1000,
        unit="mails",
        doc="Refused mails kept for a person to look at; the oldest go first, "
        "so that a stranger's mails cannot fill the disk.",
        minimum=1,
    )
    silent_after: float = setting(
        26.0,
        unit="hours",
        doc="A site that was not heard of for this long needs a person. Sites say every 24 hours "
        "that they are alive; two hours are left for slow mail.",
        minimum=0.01,
    )
    log_window: float = setting(
        120.0,
        unit="seconds",
        doc="A problem's page shows log lines of all machines this long before and after the "
        "report. Two minutes hold the cause of most failures and still fit a page.",
        minimum=1,
    )


@dataclass(frozen=True)
class RetentionSettings:
    """``home.retention``: when what the sites sent is let go of."""

    content_days: float = setting(
        90.0,
        unit="days",
        minimum=1,
        doc="A bundle's manifest, log lines and environment, which are most of its bytes, are kept "
        "for so long; a quarter, which a release's life at a site seldom exceeds.",
    )
    bundle_days: float = setting(
        180.0,
        unit="days",
        minimum=1,
        doc="That a bundle came, with its number and hashes, is known for so long: it tells gaps "
        "and copies. Longer than any relay holds a mail; a copy that comes even later changes "
        "nothing.",
    )
    report_days: float = setting(
        365.0,
        unit="days",
        minimum=1,
        doc="Whole reports with their attachments are kept for so long; a year, so that what comes "
        "back with the season can be compared.",
    )
    reports_per_problem: int = setting(
        100,
        unit="reports",
        minimum=10,
        doc="Of each problem and site at most so many whole reports are kept: its first five, and "
        "the newest. More of the same teach nobody anything.",
    )
    hour_days: float = setting(
        60.0,
        unit="days",
        minimum=15,
        doc="Counts by the hour, which trends and charts are drawn from; charts show 30 days. The "
        "problems keep their counts, first and last seen.",
    )
    problem_days: float = setting(
        1825.0,
        unit="days",
        minimum=90,
        doc="A problem that no site has seen for so long is forgotten, with its counts and its "
        "history; five years, longer than any release lives. Seen again, it is a new one.",
    )
    map_days: float = setting(
        90.0,
        unit="days",
        minimum=1,
        doc="Source maps of a release are kept for so long at least, and then as long as a client "
        "runs it or an older one, or it sends reports. Some megabytes for each release.",
    )
    receipts_per_client: int = setting(
        50,
        unit="receipts",
        minimum=2,
        doc="Of each client and product so many receipts are kept, the newest: a year's releases. "
        "They tell what runs where, and what failed there.",
    )
