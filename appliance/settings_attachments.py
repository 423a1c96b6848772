"""Which files may be sent in a conversation."""

from __future__ import annotations

from dataclasses import dataclass

from common.settings import setting


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
