"""Conversations in writing, and which files may be sent in them."""

from __future__ import annotations

from dataclasses import dataclass

from common.settings import section, setting


@dataclass(frozen=True)
class AttachmentSettings:
    """Files in conversations; they lie beside the database, not in it."""

    folder: str = setting(
        "",
        unit="folder",
        doc="Where the files lie; empty: the folder 'attachments' in data_dir. Nodes on several "
        "machines need one that all of them share.",
    )
    most_mib: int = setting(
        10,
        minimum=1,
        maximum=200,
        unit="MiB",
        doc="Largest file; a photo of a phone, or a scanned contract, with room to spare.",
    )
    most_files: int = setting(
        50,
        minimum=0,
        maximum=1000,
        unit="files",
        doc="So many in one conversation, of both sides together, so that no visitor fills the "
        "disk; 0: none are taken.",
    )
    types: tuple[str, ...] = setting(
        ("png", "jpg", "jpeg", "gif", "webp", "pdf", "txt", "log", "csv", "docx", "xlsx", "pptx"),
        unit="endings of names",
        doc="Files that are taken. Of these and zip, mp3, mp4: what is inside is looked at, too. "
        "Archives are left out by default, because no scanner on a seat looks into them.",
    )
    address_minutes: int = setting(
        15,
        minimum=1,
        maximum=1440,
        unit="minutes",
        doc="The signed address under which a file is fetched holds for so long, at most twice; a "
        "page that shows it asks for another one.",
    )


@dataclass(frozen=True)
class ChatSettings:
    """Conversations in writing."""

    most_length: int = setting(
        4000,
        minimum=100,
        maximum=5000,
        unit="characters",
        doc="Longest message; more than anybody types, and small enough to be told live whole.",
    )
    commands_a_second: int = setting(
        20,
        minimum=1,
        maximum=10_000,
        unit="commands a second",
        doc="What one WebSocket may ask for, in bursts of twice as many, and one visitor by REST, "
        "in bursts of ten times as many; more than a person types, and little enough that one page "
        "cannot keep the others waiting.",
    )
    most_connections: int = setting(
        20_000,
        minimum=10,
        maximum=200_000,
        unit="connections",
        doc="WebSockets and long polls open at once in one process; each takes some 30 KB and an "
        "open file, of which systemd's unit allows 65,536.",
    )
    live_hours: int = setting(
        48,
        minimum=1,
        maximum=720,
        unit="hours",
        doc="What happened is told again to pages that were away for up to so long; a page that "
        "was away for longer reads everything afresh. Conversations themselves are kept.",
    )
    most_visits: int = setting(
        20,
        minimum=1,
        maximum=200,
        unit="pages",
        doc="So many of the pages that a visitor looked at are kept with the conversation; an "
        "agent wants to know what the question is about, not a life.",
    )
    most_snooze_days: int = setting(
        30,
        minimum=1,
        maximum=365,
        unit="days",
        doc="A conversation is set aside for at most so long; what is to come back later belongs "
        "in a calendar.",
    )
    attachments: AttachmentSettings = section(AttachmentSettings)
