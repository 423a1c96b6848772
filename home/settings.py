"""Every setting of the home."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from common.settings import callstead_home, section, setting
from home.inbox.settings import (
    AcknowledgementSettings,
    ImapSettings,
    InboxSettings,
    MailServerSettings,
    RetentionSettings,
)


@dataclass(frozen=True)
class PublishSettings:
    """``home.publish``: how long signatures hold, which bounds how long a site can be held back."""

    root_days: float = setting(
        730.0,
        unit="days",
        minimum=1,
        doc="Life of the list of trusted keys. Two years, because renewing it takes the keys that "
        "lie in the safe. Every publication renews what has less than half of its life left.",
    )
    targets_days: float = setting(
        365.0,
        unit="days",
        minimum=1,
        doc="Life of the list of products, signed offline. A year: a vendor publishes oftener.",
    )
    product_days: float = setting(
        365.0,
        unit="days",
        minimum=1,
        doc="Life of a product's list of releases, signed offline at each publication.",
    )
    snapshot_days: float = setting(
        14.0,
        unit="days",
        minimum=0.01,
        doc="Life of the snapshot. It is signed online, and renewed at half of its life.",
    )
    timestamp_days: float = setting(
        14.0,
        unit="days",
        minimum=0.01,
        doc="Life of the timestamp: so long can someone hold back a newer state unnoticed, and so "
        "old may a USB stick be. Two weeks let a stick travel and the home be away for holidays.",
    )
    lock_wait: float = setting(
        10.0,
        unit="seconds",
        minimum=0,
        doc="How long a command waits for another one that changes the publication. Renewing "
        "takes a moment; a publication longer, and then the command says so.",
    )


@dataclass(frozen=True)
class PackSettings:
    """``home.pack``: how packs are made."""

    level: int = setting(
        8,
        unit="zstd level",
        minimum=1,
        maximum=19,
        doc="Higher is smaller and slower. 8 packs a 70 MB program in three seconds; 10 saves a "
        "fiftieth for twice the time, 19 a tenth for twenty times.",
    )
    deltas: int = setting(
        5,
        unit="releases",
        minimum=0,
        maximum=50,
        doc="From how many of the releases before a delta leads straight to a new one. Clients "
        "that are further behind fetch the full pack; each costs time and an entry in the list.",
    )
    delta_level: int = setting(
        12,
        unit="zstd level",
        minimum=1,
        maximum=22,
        doc="For changed files above a megabyte; smaller ones are tried at several levels. 12 "
        "turns a native library of 11 MB into 1.6 MB within a second; 19 saves a tenth more for "
        "ten times the time.",
    )


@dataclass(frozen=True)
class PushSettings:
    """``home.push``: bringing releases to sites by SFTP."""

    every: float = setting(
        6 * 3600.0,
        unit="seconds",
        minimum=60,
        doc="How often every site that takes pushes is brought what is new, by itself; also so "
        "that the dated lists there never run out. Some kilobytes when nothing is new.",
    )
    connect: float = setting(
        20.0,
        unit="seconds",
        minimum=1,
        doc="How long to wait for a site's server to be reached, to greet and to let us in.",
    )
    idle: float = setting(
        60.0,
        unit="seconds",
        minimum=1,
        doc="How long a push may stand still before it is given up; the next one goes on from "
        "there. A minute outlasts a short fault of the line.",
    )


@dataclass(frozen=True)
class HomeSettings:
    """``home``: the vendor's side."""

    data_dir: str = setting("", doc="Where its data lies; empty: `home` in CALLSTEAD_HOME.")
    host: str = setting(
        "0.0.0.0",  # noqa: S104 - sites fetch releases and acknowledgements from outside
        doc="Address to listen on; all, because every site fetches releases here.",
    )
    port: int = setting(
        8070,
        unit="TCP port",
        minimum=1,
        maximum=65535,
        doc="Port of the console, the publication and the acknowledgements. 8070 needs no root.",
    )
    public_host: str = setting(
        "127.0.0.1",
        doc="Host name or address that the kits of sites name for releases and acknowledgements. "
        "127.0.0.1 suits a home and a site on one machine; a real home sets its public name "
        "before it makes kits.",
    )
    public_port: int = setting(
        0,
        unit="TCP port",
        minimum=0,
        maximum=65535,
        doc="Port that the kits name, where a forwarding differs. 0: the port itself.",
    )
    console_address: str = setting(
        "",
        doc="Address of the console as the vendor's own people reach it, `https://host:port`; it "
        "stands in the kits, and mails of sites link to it. Empty: the public host and port. A "
        "home whose console is reached by another name inside the office names that one.",
    )
    log_level: str = setting(
        "info", choices=("debug", "info", "warning", "error"), doc="Least level that is logged."
    )
    passphrase_file: str = setting(
        "",
        doc="File whose first line opens the offline keys; empty: they are kept unencrypted, which "
        "is for trying out. The passphrase itself stands in no setting and on no command line.",
    )
    publish: PublishSettings = section(PublishSettings)
    pack: PackSettings = section(PackSettings)
    push: PushSettings = section(PushSettings)
    mail: MailServerSettings = section(MailServerSettings)
    inbox: InboxSettings = section(InboxSettings)
    imap: ImapSettings = section(ImapSettings)
    acknowledgements: AcknowledgementSettings = section(AcknowledgementSettings)
    retention: RetentionSettings = section(RetentionSettings)

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data_dir).resolve() if self.data_dir else callstead_home() / "home"
