"""A site in a folder: a kit with fresh keys, and the communications server's wired parts."""

from __future__ import annotations

import email
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask

from comm_server.app import create_app, create_intake
from comm_server.digest import digest_some
from comm_server.dsns import ensure_dsn
from comm_server.intake.web import IntakeDoor
from comm_server.parts import Parts, create_parts
from comm_server.site import install_kit
from common.clock import stamp
from common.errors import CallsteadError
from common.serving.certificates import ensure_self_signed
from common.web.passwords import Passwords
from common.wire.bundle import Opened, recipient_id, unseal
from common.wire.signing import b64, public_text, sign
from tests.support.clock import FakeClock

_RAW = "INSERT INTO raw (received_at, kind, dsn, encoding, body) VALUES (?, ?, ?, ?, ?)"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class VendorKeys:
    """What the vendor holds: opens bundles, signs acknowledgements."""

    def __init__(self) -> None:
        self.bundle = X25519PrivateKey.generate()
        self.ack = Ed25519PrivateKey.generate()

    def unseal(self, sealed: bytes) -> Opened:
        public = self.bundle.public_key().public_bytes_raw()
        return unseal(sealed, {recipient_id(public): self.bundle})

    def acknowledgement(self, site: str, *entries: tuple[int, str]) -> dict[str, Any]:
        return sign(
            {
                "format": 1,
                "site": site,
                "acknowledged": [{"sequence": n, "sha256": digest} for n, digest in entries],
                "missing": [],
                "at": "2026-11-21T09:00:00.000Z",
            },
            self.ack,
        )


class ListTransport:
    """A mail transport that keeps what it is given; ``answers`` are raised first, in order."""

    def __init__(self, *answers: CallsteadError | None) -> None:
        self.sent: list[bytes] = []
        self.offered: list[bytes] = []
        self._answers = list(answers)

    def send(self, mail: bytes) -> None:
        self.offered.append(mail)
        answer = self._answers.pop(0) if self._answers else None
        if answer is not None:
            raise answer
        self.sent.append(mail)


class TestSite:
    """Parts of a fresh site, and what tests do with them again and again."""

    __test__ = False

    def __init__(self, parts: Parts, vendor: VendorKeys, clock: FakeClock) -> None:
        self.parts = parts
        self.vendor = vendor
        self.clock = clock
        self.store = parts.store

    @property
    def intake(self) -> Any:
        return self.parts.settings.current.intake

    def app(self) -> Flask:
        """The web application, but for the intake."""
        return create_app(self.parts)

    def door(self) -> IntakeDoor:
        """The intake over HTTP, for `served` beside `app`."""
        return create_intake(self.parts)

    def dsn(self, program: str = "companion", machine: str = "seat-1") -> tuple[int, str]:
        return ensure_dsn(self.store, program, machine, self.clock)

    def take(self, body: bytes, *, dsn: int | None = None, kind: str = "sentry") -> int:
        """Store a body as intake does; answers its raw row."""
        number = self.dsn()[0] if dsn is None else dsn
        values = (self.now, kind, number, "", body)
        return self.store.write(
            lambda connection: int(connection.execute(_RAW, values).lastrowid or 0)
        )

    def report(self, *events: dict[str, Any], dsn: int | None = None) -> None:
        """Take and digest these events."""
        for one in events:
            self.take(envelope(one), dsn=dsn)
        while digest_some(self.store, self.intake):
            pass

    @property
    def now(self) -> str:
        return stamp(self.clock.now())

    def bundle(self, reason: str = "scheduled") -> int:
        return self.parts.courier.make_bundle(reason)

    def mail(self, sequence: int) -> bytes:
        data: bytes = self.store.value("SELECT mail FROM bundles WHERE sequence = ?", (sequence,))
        return data

    def opened(self, sequence: int) -> Opened:
        """The bundle as the vendor sees it, out of its mail."""
        return self.vendor.unseal(attachment(self.mail(sequence)))

    def acknowledge(self, *sequences: int) -> list[int]:
        return self.parts.outbox.acknowledged(
            [
                (n, self.store.value("SELECT sha256 FROM bundles WHERE sequence = ?", (n,)))
                for n in sequences
            ]
        )


@contextmanager
def site_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str = "North"
) -> Iterator[TestSite]:
    """A site below ``folder``, closed at the end."""
    monkeypatch.setenv("CALLSTEAD_HOME", str(folder))
    monkeypatch.delenv("CALLSTEAD_SETTINGS", raising=False)
    monkeypatch.setattr("comm_server.console.pages.Passwords", lambda: CHEAP)
    vendor, clock = VendorKeys(), FakeClock()
    kit = folder / "kit.json"
    kit.write_text(json.dumps(kit_of(vendor, folder, name)), encoding="utf-8")
    install_kit(folder / "comm", kit)
    parts = create_parts(clock=clock)
    try:
        yield TestSite(parts, vendor, clock)
    finally:
        parts.close()


def kit_of(vendor: VendorKeys, folder: Path, name: str) -> dict[str, Any]:
    """A kit as `callstead home site add` writes it."""
    identity = ensure_self_signed(folder / "home-tls")
    site = str(uuid.uuid4())
    return {
        "format": 1,
        "site": site,
        "name": name,
        "root": b64(b'{"signed": {}}'),
        "bundle_key": b64(vendor.bundle.public_key().public_bytes_raw()),
        "ack_key": public_text(vendor.ack),
        "enrolment_secret": b64(b"s" * 32),
        "releases_url": "https://127.0.0.1:1/releases",
        "acks_url": f"https://127.0.0.1:1/acks/{site}.json",
        "home_ca": identity.certificate.read_text(encoding="utf-8"),
        "mail": {"to": "in@home.example", "host": "127.0.0.1", "port": 1, "security": "starttls"},
    }


def envelope(*events: dict[str, Any]) -> bytes:
    """One Sentry envelope of ``events``."""
    out = b"{}\n"
    for one in events:
        payload = json.dumps(one).encode()
        out += json.dumps({"type": "event", "length": len(payload)}).encode() + b"\n"
        out += payload + b"\n"
    return out


def crash(number: int = 1, *, kind: str = "ZeroDivisionError", **extra: Any) -> dict[str, Any]:
    """A Sentry event of an uncaught exception; ``number`` makes its id."""
    return {
        "event_id": f"{number:032x}",
        "level": "error",
        "release": "companion@1.0.0",
        "exception": {
            "values": [
                {
                    "type": kind,
                    "value": "division by zero",
                    "stacktrace": {
                        "frames": [
                            {
                                "module": "companion.work",
                                "filename": "companion/work.py",
                                "function": "half",
                                "lineno": 7,
                                "context_line": "    return 1 / n",
                                "in_app": True,
                                "vars": {"n": "0"},
                            }
                        ]
                    },
                }
            ]
        },
    } | extra


def attachment(mail: bytes) -> bytes:
    """The sealed bundle out of a mail."""
    message = email.message_from_bytes(mail, policy=policy.default)
    (part,) = message.iter_attachments()
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    return data
