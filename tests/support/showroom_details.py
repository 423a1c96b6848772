"""What makes the showroom a furnished one: replies, files, after-call work, what is connected."""

from __future__ import annotations

import io
import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path

from appliance.domain.agent_state import Said
from appliance.domain.attachment import Rules
from appliance.domain.canned import Canned
from appliance.domain.telephony.provider import Channel
from appliance.domain.work import Work
from appliance.office import Office
from appliance.services.answer_offer import accept_offer
from appliance.services.attach import attach
from appliance.services.canned_replies import save_canned
from appliance.services.offer_waiting import offer_waiting
from appliance.services.presence import say
from appliance.services.say_message import Saying
from appliance.services.talk import end
from appliance.services.telephony.take_call import take_call
from appliance.store.files import AttachmentFiles
from appliance.telephony.places import Places
from appliance.telephony.tree import MARK

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
    office.people.api_keys.add(first.id, "CRM", ["reports.see", "floor.see"], None)
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


def telephones(office: Office, queue: int, agents: list[int]) -> None:
    """Calls: the first agent speaks in one, at each of the others one rings.

    The switch is told of, and is not there: desks know that they could telephone.
    """
    tree = Places(office.folder / "telephony").tree
    tree.mkdir(parents=True)
    about = {"version": "22.5.2", "suite": "trixie", "installed_at": "2026-11-01T08:00:00Z"}
    (tree / MARK).write_text(json.dumps(about), "utf-8")
    for number, agent in enumerate(agents):
        caller = Channel(f"caller-{number}", True, f"+8613800138{number:03}", "+861055501234")
        office.floor.write(lambda work, agent=agent: (
            say(work, agent, Said.SIGN_IN), say(work, agent, Said.READY)))  # fmt: skip
        call = office.floor.write(lambda work, caller=caller: take_call(work, caller, queue))
        office.floor.write(offer_waiting)
        if number == 0:
            office.floor.write(lambda work, call=call: (
                accept_offer(work, call.conversation, agents[0]),
                work.calls.save(replace(call, spoken=True))))  # fmt: skip


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
