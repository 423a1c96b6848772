"""What every source of acknowledgements must keep; IMAP and POP3 against a real dovecot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from comm_server.mail.ack_file import FileSource
from comm_server.mail.ack_imap import ImapSource
from comm_server.mail.ack_pop3 import Pop3Source
from comm_server.mail.ack_source import AcknowledgementSource, Statement
from common.errors import CallsteadError, NetworkError, OperatorError
from common.mail.server import MailServer
from common.wire.acknowledgement import HEADER
from tests.support.mail_servers import MailHost, dovecot
from tests.support.site import TestSite, VendorKeys, site_in

DIGEST = "a" * 64


@pytest.fixture(scope="module")
def host() -> Iterator[MailHost]:
    with dovecot() as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestSite]:
    with site_in(tmp_path, monkeypatch) as made:
        yield made


def ack_mail(site: TestSite, signed: dict[str, Any], *, header: str | None = None) -> bytes:
    message = EmailMessage()
    message["From"] = "vendor@home.example"
    message[HEADER] = header or site.parts.site.site
    message.set_content("Arrived.")
    data = json.dumps(signed).encode()
    message.add_attachment(data, maintype="application", subtype="json", filename="ack.json")
    return message.as_bytes()


class Mailbox:
    """Puts mails into the site's mailbox and looks what is left of them."""

    def __init__(self, host: MailHost, site: TestSite) -> None:
        self.host, self.site = host, site
        for path in self._all():
            path.unlink()
        self.count = 0

    def _all(self) -> list[Path]:
        base = self.host.maildir("site")
        return [p for name in ("new", "cur") if (base / name).exists()
                for p in (base / name).iterdir()]  # fmt: skip

    def put(self, data: bytes) -> None:
        self.count += 1
        self.host.deliver("site", data)

    def left(self) -> int:
        return len(self._all())

    def server(self, usual: int, **changes: Any) -> MailServer:
        values: dict[str, Any] = {
            "host": "localhost", "port": usual, "security": "starttls", "user": "site",
            "ca_file": self.host.ca_file, "password_file": str(self.host.password_file),
            "timeout": 10, "setting": "comm.acknowledgements",
        }  # fmt: skip
        return MailServer(**{**values, **changes})


class Imap(Mailbox):
    def source(self, **changes: Any) -> AcknowledgementSource:
        return ImapSource(self.site.parts.site, self.server(self.host.imap, **changes))


class Pop3(Mailbox):
    def source(self, **changes: Any) -> AcknowledgementSource:
        return Pop3Source(self.site.parts.site, self.server(self.host.pop3, **changes))


@pytest.fixture(params=[Imap, Pop3], ids=["imap", "pop3"])
def box(request: pytest.FixtureRequest, host: MailHost, site: TestSite) -> Any:
    return request.param(host, site)


def statement(site: TestSite, *numbers: int) -> dict[str, Any]:
    return site.vendor.acknowledgement(site.parts.site.site, *((n, DIGEST) for n in numbers))


def numbers(said: Statement) -> list[int]:
    return [number for number, _ in said.acknowledged]


def test_a_signed_statement_is_handed_over_and_its_mail_goes_after_that(box: Any, site: TestSite):
    box.put(ack_mail(site, statement(site, 1, 2)))
    left_while_kept = []

    def keep(said: Statement) -> list[int]:
        left_while_kept.append(box.left())
        return numbers(said)

    assert box.source().hear(keep) == [1, 2]
    assert left_while_kept == [1]
    assert box.left() == 0


def test_an_empty_mailbox_is_no_news(box: Any):
    assert box.source().hear(lambda _said: [1]) == []


def test_killed_before_the_commit_it_is_read_again(box: Any, site: TestSite):
    box.put(ack_mail(site, statement(site, 1)))

    def killed(_said: Statement) -> list[int]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        box.source().hear(killed)
    assert box.left() == 1
    assert box.source().hear(numbers) == [1]


@pytest.mark.parametrize("kind", ["person", "forged", "another site", "no statement"])
def test_mails_that_are_not_ours_are_left_alone(box: Any, site: TestSite, kind: str):
    if kind == "person":
        mail = b"From: ann@example.com\r\nSubject: lunch?\r\n\r\nToday?\r\n"
    elif kind == "forged":
        mail = ack_mail(site, VendorKeys().acknowledgement(site.parts.site.site, (1, DIGEST)))
    elif kind == "another site":
        mail = ack_mail(site, site.vendor.acknowledgement("other", (1, DIGEST)), header="other")
    else:
        mail = f"{HEADER}: {site.parts.site.site}\r\n\r\nnothing\r\n".encode()
    box.put(mail)
    kept: list[object] = []
    assert box.source().hear(lambda said: kept.append(said) or []) == []
    assert kept == []
    assert box.left() == 1


@pytest.mark.parametrize(
    ("changes", "family"),
    [
        ({"port": 1}, NetworkError),
        ({"ca_file": None}, OperatorError),
        ({"user": "nobody-here"}, OperatorError),
        ({"password_file": "/nowhere"}, OperatorError),
        ({"host": "127.0.0.2"}, CallsteadError),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_each_failure_is_of_the_family_that_can_act(
    box: Any, changes: dict[str, Any], family: type[CallsteadError]
):
    with pytest.raises(family):
        box.source(**changes).hear(lambda _said: [])


def test_imap_may_mark_in_place_of_deleting(host: MailHost, site: TestSite):
    box = Imap(host, site)
    box.put(ack_mail(site, statement(site, 1)))
    source = ImapSource(site.parts.site, box.server(host.imap), after="mark")
    assert source.hear(numbers) == [1]
    assert source.hear(numbers) == []
    assert box.left() == 1


def test_a_file_from_a_stick_is_read_and_stays(site: TestSite, tmp_path: Path):
    path = tmp_path / "ack.json"
    path.write_text(json.dumps(statement(site, 3)))
    source = FileSource(site.parts.site, path)
    assert source.hear(numbers) == [3]
    assert path.exists()
    with pytest.raises(OperatorError, match="cannot be read"):
        FileSource(site.parts.site, tmp_path / "nothing").hear(lambda _said: [])
