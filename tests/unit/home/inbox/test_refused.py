"""Mails that must not be believed, and what becomes of them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.wire.bundle import Bundle, seal
from home.inbox.record import Recorded, record
from home.inbox.verify import Verified
from tests.support.vendor import Vendor, as_mail


def kind(vendor: Vendor) -> str:
    """The newest refusal's kind; the mail itself must lie in ``.refused``."""
    row = vendor.store.row("SELECT * FROM refused_mails ORDER BY at DESC LIMIT 1")
    assert row is not None
    assert row["sentence"].endswith(".")
    assert (vendor.folder / "Maildir" / ".refused" / "new" / row["file"]).exists()
    assert vendor.maildir.names() == []
    return str(row["kind"])


def test_forged_key_after_enrolment(vendor: Vendor) -> None:
    site = vendor.add_site()
    vendor.receive(site.mail())
    forged = site.seal(site.bundle(), key=Ed25519PrivateKey.generate())
    assert vendor.receive(as_mail(forged)).what == "refused"
    assert kind(vendor) == "signature"
    assert vendor.count("bundles") == 1


def test_first_bundle_without_the_kits_secret(vendor: Vendor) -> None:
    site = dataclasses.replace(vendor.add_site(), secret=b"x" * 32)
    assert vendor.receive(site.mail()).what == "refused"
    assert kind(vendor) == "enrolment"
    assert vendor.store.value("SELECT public_key FROM sites") is None


def test_first_bundle_with_anothers_proof(vendor: Vendor) -> None:
    site = vendor.add_site()
    honest = site.bundle()
    assert vendor.receive(as_mail(site.seal(honest, key=Ed25519PrivateKey.generate())))
    assert kind(vendor) == "enrolment"


def test_first_bundle_without_any_proof(vendor: Vendor) -> None:
    assert vendor.receive(vendor.add_site().mail(enrolment=None)).what == "refused"
    assert kind(vendor) == "enrolment"


def test_tampered_attachment(vendor: Vendor) -> None:
    site = vendor.add_site()
    sealed = bytearray(site.seal(site.bundle()))
    sealed[-20] ^= 1
    assert vendor.receive(as_mail(bytes(sealed))).what == "refused"
    assert kind(vendor) == "sealed"


def test_unknown_site(vendor: Vendor) -> None:
    site = dataclasses.replace(vendor.add_site(), id="00000000-0000-4000-8000-000000000000")
    assert vendor.receive(site.mail()).what == "refused"
    assert kind(vendor) == "unknown-site"


def test_sealed_to_anothers_key(vendor: Vendor) -> None:
    site = vendor.add_site()
    other = X25519PrivateKey.generate().public_key().public_bytes_raw()
    vendor.receive(as_mail(seal(site.bundle(), site.key, other)))
    assert kind(vendor) == "recipient"


def test_not_a_bundle_mail(vendor: Vendor) -> None:
    outcome = vendor.receive(b"From: a@b\r\nSubject: cheap watches\r\n\r\nBuy!\r\n")
    assert outcome.what == "refused"
    assert kind(vendor) == "no-bundle"
    row = vendor.store.row("SELECT sender, subject FROM refused_mails")
    assert row == {"sender": "a@b", "subject": "cheap watches"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n",
        b"Subject: =?utf-8?b?////?=\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff",
        b"Content-Type: application/octet-stream; name*=x''%ff\r\n\r\ncallstead-bundle/1 zz\nxx",
        b"Content-Transfer-Encoding: base64\r\n\r\n====",
    ],
)
def test_strange_mails_are_refused_not_stumbled_over(vendor: Vendor, data: bytes) -> None:
    assert vendor.receive(data).what == "refused"
    assert kind(vendor) != "fault"


def test_two_bundles_in_one_mail(vendor: Vendor) -> None:
    site = vendor.add_site()
    sealed = site.seal(site.bundle())
    both = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"".join(
            b"--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: 8bit\r\n"
            b"\r\n" + sealed[:40] + b"\r\n"
            for _ in range(2)
        )
        + b"--b--\r\n"
    )
    vendor.receive(both)
    assert kind(vendor) == "many-bundles"


def test_a_hostile_manifest_of_a_known_site_is_read_leniently(vendor: Vendor) -> None:
    site = vendor.add_site()
    bundle = Bundle(
        {
            **site.bundle().manifest,
            "created": "yesterday",
            "problems": [{"count": "many", "releases": 4, "title": ["x"]}, 7, None],
            "reports": "none",
            "clients": [{"public_key": 5}, {}],
            "refusals": {"a": 1},
        },
        receipts=[{}, {"statement": []}, {"statement": {"id": 4, "log_tail": "x"}}],
    )
    assert vendor.receive(as_mail(site.seal(bundle))).what == "stored"
    assert vendor.count("problems") == 1


def test_a_fault_of_ours_parks_the_mail_and_reads_the_next(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = vendor.add_site()
    vendor.maildir.deliver(site.mail())
    vendor.maildir.deliver(site.mail())

    def stumble(connection: Any, verified: Verified, *rest: Any) -> Recorded:
        if verified.opened.sequence == 1:
            raise ZeroDivisionError
        return record(connection, verified, *rest)

    with monkeypatch.context() as patch:
        patch.setattr("home.inbox.reader.record", stumble)
        assert [o.what for o in vendor.read()] == ["refused", "stored"]
    assert kind(vendor) == "fault"
    assert vendor.maildir.retry_refused() == 1
    assert [o.what for o in vendor.read()] == ["stored"]


def test_a_mail_too_large_is_refused_unread(vendor: Vendor) -> None:
    vendor.maildir._most = 100
    vendor.receive(b"x" * 101)
    assert kind(vendor) == "oversized"


def test_refused_mails_are_capped(vendor: Vendor) -> None:
    for number in range(4):
        vendor.maildir.deliver(f"Subject: {number}\r\n\r\n".encode())
    vendor.reader(most_refused=2).read(vendor.maildir)
    assert vendor.count("refused_mails") == 2
    kept = [path.name for path in (vendor.folder / "Maildir/.refused/new").iterdir()]
    files = [row["file"] for row in vendor.store.rows("SELECT file FROM refused_mails")]
    assert sorted(kept) == sorted(files)


def test_killed_between_refusal_and_move(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor.maildir.deliver(b"Subject: x\r\n\r\n")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(vendor.maildir, "refuse", killed)
        with pytest.raises(KeyboardInterrupt):
            vendor.read()
    assert [o.what for o in vendor.read()] == ["refused"]
    assert vendor.count("refused_mails") == 1
    assert kind(vendor) == "no-bundle"


def test_the_kit_carries_what_a_site_needs(vendor: Vendor) -> None:
    site = vendor.add_site("Kit")
    path = vendor.folder / "Kit.kit.json"
    kit = json.loads(path.read_text())
    assert kit["acks_url"] == f"https://home:8070/acks/{site.id}.json"
    assert path.stat().st_mode & 0o777 == 0o600
