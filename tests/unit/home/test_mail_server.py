"""The SMTP server, spoken to by smtplib over a real socket."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import OperatorError
from common.serving.certificates import SiteAuthority
from common.serving.tls import TlsIdentity, server_context
from home.inbox.maildir import Maildir
from home.inbox.settings import MailServerSettings
from home.mail_server import MailServer
from tests.support.clock import FakeClock
from tests.support.vendor import CRASH, Vendor

INBOX = "in@home.example"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a home's certificate authority."""
    folder = tmp_path_factory.mktemp("tls")
    SiteAuthority(folder).server_identity()
    return folder


class Running:
    """A mail server on a free port."""

    def __init__(self, folder: Path, authority: Path, **changes: object) -> None:
        values = {"host": "127.0.0.1", "port": 0, "addresses": (INBOX,), **changes}
        self.settings = MailServerSettings(**values)  # type: ignore[arg-type]
        self.maildir = Maildir(folder, self.settings.most_bytes)
        tls = server_context(TlsIdentity(authority / "server.pem", authority / "server.key"))
        self.client_tls = ssl.create_default_context(cafile=str(authority / "ca.pem"))
        self.server = MailServer(self.settings, self.maildir, tls, FakeClock())
        self.port = self.server.start()

    def connect(self, *, tls: bool = True) -> smtplib.SMTP:
        client = smtplib.SMTP("localhost", self.port, timeout=10)
        if tls:
            client.starttls(context=self.client_tls)
        return client


@pytest.fixture
def running(tmp_path: Path, authority: Path) -> Iterator[Running]:
    made = Running(tmp_path / "Maildir", authority)
    yield made
    made.server.stop()


def test_a_mail_over_starttls_lies_in_the_maildir(running: Running) -> None:
    with running.connect() as client:
        client.sendmail("site@north.example", [INBOX.upper()], b"Subject: x\r\n\r\nhello\r\n")
    (name,) = running.maildir.names()
    data = (running.maildir.folder / "new" / name).read_bytes()
    assert data.startswith(b"Return-Path: <site@north.example>\r\nReceived: from [")
    assert data.endswith(b"Subject: x\r\n\r\nhello\r\n")
    assert list((running.maildir.folder / "tmp").iterdir()) == []


def test_a_bundle_goes_all_the_way(vendor: Vendor, authority: Path) -> None:
    running = Running(vendor.folder / "Maildir", authority)
    try:
        mail = vendor.add_site().mail(problems=[CRASH])
        with running.connect() as client:
            client.sendmail("site@north.example", [INBOX], mail)
            client.sendmail("site@north.example", [INBOX], mail)  # its answer was lost, say
    finally:
        running.server.stop()
    assert [o.what for o in vendor.read()] == ["stored", "duplicate"]


def test_without_starttls_nothing_is_taken(running: Running) -> None:
    with running.connect(tls=False) as client, pytest.raises(smtplib.SMTPException):
        client.sendmail("a@b", [INBOX], b"x")
    assert running.maildir.names() == []


def test_it_is_no_relay(running: Running) -> None:
    with running.connect() as client, pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        client.sendmail("a@b", ["someone@elsewhere.example"], b"x")
    assert refused.value.recipients["someone@elsewhere.example"][0] == 550
    assert running.maildir.names() == []


def test_size_is_told_and_held(tmp_path: Path, authority: Path) -> None:
    running = Running(tmp_path / "Maildir", authority, most_bytes=100_000)
    try:
        with running.connect() as client:
            client.ehlo()
            assert client.esmtp_features["size"] == "100000"
            with pytest.raises(smtplib.SMTPSenderRefused) as refused:
                client.sendmail("a@b", [INBOX], b"x" * 100_001)  # says SIZE= and is refused
            assert refused.value.smtp_code == 552
        with running.connect() as client:
            client.ehlo()
            client.mail("a@b")
            client.rcpt(INBOX)
            assert client.data(b"line\r\n" * 20_000)[0] == 552
    finally:
        running.server.stop()
    assert running.maildir.names() == []


def test_a_full_disk_is_answered_so_that_the_sender_keeps_the_mail(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_data: bytes) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(running.maildir, "deliver", full)
    with running.connect() as client, pytest.raises(smtplib.SMTPDataError) as error:
        client.sendmail("a@b", [INBOX], b"x")
    assert error.value.smtp_code == 451


def test_a_failed_fsync_leaves_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maildir = Maildir(tmp_path, 1000)

    def broken(_folder: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("home.inbox.maildir.fsync_folder", broken)
    with pytest.raises(OSError, match="Input/output"):
        maildir.deliver(b"x")
    assert maildir.names() == []
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_crowd_is_told_to_come_back(tmp_path: Path, authority: Path) -> None:
    running = Running(tmp_path / "Maildir", authority, most_connections=1)
    try:
        with running.connect() as first:
            with socket.create_connection(("127.0.0.1", running.port), timeout=10) as second:
                assert second.recv(4) == b"421 "
            first.noop()
        with running.connect() as again:
            assert again.noop()[0] == 250
    finally:
        running.server.stop()


def test_a_port_in_use_is_one_sentence_that_names_the_setting(
    running: Running, tmp_path: Path, authority: Path
) -> None:
    with pytest.raises(OperatorError, match=r"port is in use\. .*home\.mail\.port"):
        Running(tmp_path / "Other", authority, port=running.port)
