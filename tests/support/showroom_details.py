"""What makes the showroom a furnished one: replies, files, after-call work, what is connected."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

from appliance.domain.attachment import Rules
from appliance.domain.canned import Canned
from appliance.domain.work import Work
from appliance.office import Office
from appliance.services.attach import attach
from appliance.services.canned_replies import save_canned
from appliance.services.say_message import Saying
from appliance.services.talk import end
from appliance.store.files import AttachmentFiles

REPLIES = (
    ("hello", {"en": "Good day! How may I help?", "zh-CN": "您好！请问有什么可以帮您？"}),
    ("moment", {"en": "One moment, I look it up.", "zh-CN": "请稍等，我查一下。"}),
    ("return", {"zh-CN": "七天内可以无理由退货，运费由我们承担。"}),
)  # fmt: skip


def replies(work: Work, queue: int) -> None:
    """Canned replies; one of them of ``queue`` alone."""
    for shortcut, texts in REPLIES:
        of = queue if shortcut == "return" else None
        save_canned(work, Canned(0, shortcut, texts, of), "system")


def connections(office: Office) -> None:
    """A team, a key, and a system that is told of events."""
    office.people.teams.add("Day shift 白班")
    (first,) = (user for user in office.users.all() if user.name == "admin2")
    office.people.api_keys.add(first.id, "CRM", ["reports.see", "contacts.edit"], None)
    office.people.webhooks.add("CRM", "https://crm.example/callstead/events", ["conversation.*"])


def files(office: Office, conversation: int, agent: int) -> None:
    """A picture and a document that the visitor sent, and one from the agent."""
    store = AttachmentFiles(Path(office.folder / "attachments").resolve(), office.vault)
    rules = Rules(2**20, frozenset({"png", "pdf", "txt"}))
    sent = (
        ("Der kaputte Schlüsselanhänger 摔坏的钥匙扣.png", picture(480, 300), None),
        ("invoice-2026-11-4711.pdf", b"%PDF-1.4\n%%EOF\n", None),
        ("Rücksendung.txt", b"Bitte dem Paket beilegen.\n", agent),
    )
    for number, (name, body, who) in enumerate(sent):
        attach(
            office.floor, store, io.BytesIO(body), Saying(conversation, f"f{number}", "", who),
            name, rules, 10, 4000,
        )  # fmt: skip


def ended(office: Office, conversation: int, agent: int) -> None:
    """The agent has after-call work."""
    office.floor.write(lambda work: end(work, conversation, agent))


def picture(width: int, height: int) -> bytes:
    """A PNG: a slope of colours."""
    rows = b"".join(
        b"\0" + b"".join(bytes((x * 255 // width, y * 255 // height, 140)) for x in range(width))
        for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b""))  # fmt: skip
