"""A home in a folder and a pretended site that writes real sealed mails to it."""

from __future__ import annotations

import dataclasses
import hashlib
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.spool import Store
from common.wire.bundle import Bundle, enrolment_mac, recipient_id, seal
from common.wire.signing import public_text, sign, unb64
from home.inbox.acks import Acknowledger
from home.inbox.maildir import Maildir
from home.inbox.reader import InboxReader, Outcome
from home.maps import maps_folder, readable
from home.schema import migrations
from home.sites import Home, add_site
from tests.support.clock import FakeClock

CRASH = {
    "fingerprint": "f1",
    "grouper": "g1",
    "title": "ZeroDivisionError: division by zero",
    "type": "ZeroDivisionError",
    "place": "companion.work in half",
    "program": "companion",
    "count": 3,
    "first_seen": "2026-11-21T08:00:00.000Z",
    "last_seen": "2026-11-21T08:30:00.000Z",
    "releases": ["companion@1.0.0"],
    "since_release": "companion@1.0.0",
    "machines": ["seat-1"],
    "status": "new",
    "level": "error",
}


class Vendor:
    """The inbox side of a home; `read` is what the scheduled job does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.store = Store(folder / "home.db", migrations())
        self.bundle_key = X25519PrivateKey.generate()
        self.ack_key = Ed25519PrivateKey.generate()
        self.maildir = Maildir(folder / "Maildir", 10_000_000)
        self.acknowledger = Acknowledger(folder / "acks", self.store, self.ack_key, self.clock)

    @property
    def recipient(self) -> bytes:
        return self.bundle_key.public_key().public_bytes_raw()

    def reader(self, most_refused: int = 1000) -> InboxReader:
        keys = {recipient_id(self.recipient): self.bundle_key}
        named = partial(readable, maps=maps_folder(self.folder))
        return InboxReader(self.store, keys, self.acknowledger, self.clock, most_refused, named)

    def read(self) -> list[Outcome]:
        self.clock.advance(1)
        return self.reader().read(self.maildir)

    def receive(self, mail: bytes) -> Outcome:
        """Deliver one mail and read it."""
        self.maildir.deliver(mail)
        (outcome,) = self.read()
        return outcome

    def kits(self) -> Home:
        return Home(
            root=b"{}",
            bundle_key=self.recipient,
            ack_key=self.ack_key.public_key().public_bytes_raw(),
            ca="PEM",
            web="https://home:8070",
            mail={"to": "in@home", "host": "home", "port": 8025, "security": "starttls"},
        )

    def add_site(self, name: str = "North") -> Site:
        out = self.folder / f"{name}.kit.json"
        site = add_site(self.store, self.kits(), name, out, self.clock)
        secret = self.store.value("SELECT enrolment_secret FROM sites WHERE id = ?", [site])
        return Site(self, site, name, unb64(secret))

    def count(self, table: str) -> int:
        return int(self.store.value(f"SELECT COUNT(*) FROM {table}"))


@dataclasses.dataclass
class Site:
    """A pretended communications server."""

    vendor: Vendor
    id: str
    name: str
    secret: bytes
    key: Ed25519PrivateKey = dataclasses.field(default_factory=Ed25519PrivateKey.generate)
    client_key: Ed25519PrivateKey = dataclasses.field(default_factory=Ed25519PrivateKey.generate)
    sequence: int = 0
    previous: str | None = None

    def bundle(self, content: dict[str, Any] | None = None, **changes: Any) -> Bundle:
        """The next bundle, unsealed: ``content`` beside a manifest with ``changes``."""
        self.sequence += 1
        manifest = {
            "format": 1,
            "site": self.id,
            "site_name": self.name,
            "sequence": self.sequence,
            "previous": self.previous,
            "created": "2026-11-21T08:59:00.000Z",
            "reason": "urgent",
            "problems": [],
            "reports": [],
            "clients": [],
            "enrolment": {
                "public_key": public_text(self.key),
                "mac": enrolment_mac(self.secret, self.id, public_text(self.key)),
            },
            **changes,
        }
        return Bundle(manifest, **(content or {}))

    def seal(self, bundle: Bundle, key: Ed25519PrivateKey | None = None) -> bytes:
        sealed = seal(bundle, key or self.key, self.vendor.recipient)
        self.previous = hashlib.sha256(sealed).hexdigest()
        return sealed

    def mail(self, content: dict[str, Any] | None = None, **changes: Any) -> bytes:
        """The next bundle as a mail."""
        return as_mail(self.seal(self.bundle(content, **changes)), self.sequence)

    def receipt(self, **changes: Any) -> dict[str, Any]:
        """A receipt that a client signed."""
        return sign(
            {
                "id": "r1",
                "client": "c1",
                "product": "companion",
                "version": "1.0.1",
                "digest": "d" * 64,
                "outcome": "committed",
                "reason": "",
                "from_version": "1.0.0",
                "at": "2026-11-21T08:58:00.000Z",
                "log_tail": [],
                **changes,
            },
            self.client_key,
        )

    def client(self, **changes: Any) -> dict[str, Any]:
        """A client as the manifest lists it."""
        return {"client": "c1", "name": "seat-1", "platform": "linux-x86_64",
                "public_key": public_text(self.client_key), **changes}  # fmt: skip


def as_mail(sealed: bytes, sequence: int = 1) -> bytes:
    """A mail as the communications server writes it."""
    message = EmailMessage()
    message["From"] = "callstead@north.example"
    message["To"] = "in@home"
    message["Subject"] = "North: 1 new problem"
    message["Message-ID"] = f"<bundle-{sequence}@north.example>"
    message.set_content("What is new: …\n")
    message.add_attachment(
        sealed,
        maintype="application",
        subtype="octet-stream",
        filename=f"bundle-{sequence:06d}.csb",
    )
    return message.as_bytes(policy=SMTP)
