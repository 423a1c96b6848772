"""When bundles are made, and how they travel home and are acknowledged."""

from __future__ import annotations

from dataclasses import dataclass

from common.mail.settings import AccountSettings
from common.settings import setting


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
class MailSettings(AccountSettings):
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
    sender: str = setting(
        "", doc="From address; empty: callstead@ this machine's name. Some relays insist on one."
    )
    timeout: float = setting(
        60.0, unit="seconds", minimum=1, doc="For each step of the SMTP conversation."
    )
    languages: tuple[str, ...] = setting(
        ("zh-CN", "en"), doc="Languages of the readable part, in this order."
    )
    hold_for: float = setting(
        0.0,
        unit="seconds",
        minimum=0,
        maximum=3500,
        doc="A finished mail waits so long before it leaves, readable on the site's console under "
        "`Sent home`. 0: it leaves at once, because the vendor can help the sooner; a customer who "
        "wants to look first sets half an hour.",
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
    decisions_every: float = setting(
        900.0,
        unit="seconds",
        minimum=1,
        doc="How often to look while none is awaited: that a problem is resolved comes the same "
        "way, and a problem that came back is told by it. A quarter of an hour costs one small "
        "file.",
    )


@dataclass(frozen=True)
class AcknowledgementSettings(AccountSettings):
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
    folder: str = setting("INBOX", doc="Folder of the mailbox; POP3 knows only one.")
    after: str = setting(
        "delete",
        choices=("delete", "mark"),
        doc="What happens to an acknowledgement that was read, after it was noted: it is deleted, "
        "or marked as read (IMAP). Other mails are never touched.",
    )
    every: float = setting(
        60.0,
        unit="seconds",
        minimum=1,
        doc="How often the mailbox is looked into while an acknowledgement is awaited; a minute is "
        "no burden for any mail server.",
    )
