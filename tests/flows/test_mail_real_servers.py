"""The full way over Debian's postfix and dovecot: bundle out, acknowledgement back by mail."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from comm_server.export import export
from comm_server.settings import AcknowledgementSettings, MailSettings
from comm_server.unfreeze import replaceable
from common.cli import main
from common.mail.errors import NoSuchRecipientError, TooLargeError
from common.mail.server import MailServer
from common.mail.smtp import SmtpTransport
from common.spool import Store
from home.inbox.ack_mail import AckMailer
from home.inbox.acks import Acknowledger
from home.inbox.files import BundleFiles
from home.inbox.imap import open_imap, server_of
from home.inbox.settings import ImapSettings
from home.schema import migrations
from tests.support.clock import FakeClock
from tests.support.mail_servers import MailHost, dovecot, postfix
from tests.support.site import TestSite, crash, site_in
from tests.support.vendor import Vendor
from tests.support.waiting import until

pytestmark = pytest.mark.slow
_SIZE = 200_000


@pytest.fixture(scope="module")
def host() -> Iterator[MailHost]:
    with dovecot() as running:
        yield running


@pytest.fixture(scope="module")
def port(host: MailHost) -> Iterator[int]:
    with postfix(host, size=_SIZE) as running:
        yield running


@pytest.fixture
def site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: MailHost, port: int
) -> Iterator[TestSite]:
    with site_in(tmp_path, monkeypatch) as made:
        settings = made.parts.settings.current
        made.parts.settings.current = replace(
            settings,
            mail=MailSettings(
                host="localhost", port=port, security="starttls", sender="comm@mail.test",
                ca_file=str(host.folder / "postfix.pem"),
            ),
            acknowledgements=AcknowledgementSettings(
                kind="imap", address="site@mail.test", host="localhost", port=host.imap,
                security="starttls", ca_file=str(host.ca_file), user="site",
                password_file=str(host.password_file),
            ),
        )  # fmt: skip
        for collaborator in (made.parts.courier, made.parts.courier._collector):
            here = replace(made.parts.site, mail={**made.parts.site.mail, "to": "inbox@mail.test"})
            collaborator._site = here
        yield made


class Home(Vendor):
    """A home that holds the keys of the test site's kit."""

    def __init__(self, folder: Path, site: TestSite) -> None:
        super().__init__(folder)
        self.store.close()
        self.store = Store(folder / "wired.db", migrations())
        self.bundle_key, self.ack_key = site.vendor.bundle, site.vendor.ack
        self.acknowledger = Acknowledger(folder / "acks", self.store, self.ack_key, self.clock)
        self.store.execute(
            "INSERT INTO sites (id, name, enrolment_secret, added_at) VALUES (?, 'North', ?, ?)",
            (site.parts.site.site, "c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M=", site.now),
        )


@pytest.fixture
def home(tmp_path: Path, site: TestSite) -> Iterator[Home]:
    made = Home(tmp_path / "home", site)
    yield made
    made.store.close()


def relay(host: MailHost, port: int, to: str) -> SmtpTransport:
    server = MailServer("localhost", port, "starttls", ca_file=host.folder / "postfix.pem")
    return SmtpTransport(server, sender="home@mail.test", recipient=to)


@pytest.mark.parametrize("kind", ["imap", "pop3"])
def test_a_bundle_and_its_acknowledgement_go_by_mail_alone(
    site: TestSite, home: Home, host: MailHost, port: int, kind: str
):
    settings = site.parts.settings.current
    site.parts.settings.current = replace(
        settings,
        acknowledgements=replace(settings.acknowledgements, kind=kind, port=getattr(host, kind)),
    )
    mailbox = ImapSettings(
        host="localhost", port=host.imap, security="starttls", user="inbox",
        ca_file=str(host.ca_file), password_file=str(host.password_file),
    )  # fmt: skip
    # More than the relay takes in one mail: its SIZE is heard, and everything arrives all the same.
    site.report(*(crash(n, extra={"noise": os.urandom(30_000).hex()}) for n in range(1, 9)))
    read: list[int] = []

    def arrived() -> bool:
        site.parts.courier.run_once()
        with open_imap(server_of(mailbox), mailbox, 10**7) as box:
            read.extend(o.sequence for o in home.reader().read(box) if o.what == "stored")
        site.clock.advance(5)
        return home.store.value("SELECT count(*) FROM reports") == 8

    until(arrived, 60, "all reports at the home", site.parts.outbox.listing)
    assert len(read) > 2
    mailer = AckMailer(
        home.store, home.acknowledger, FakeClock(), "home@mail.test",
        lambda to, mail: relay(host, port, to).send(mail),
    )  # fmt: skip
    assert mailer.run_once() == 1
    assert mailer.run_once() == 0
    until(
        lambda: bool(site.parts.courier.hear()) or not site.parts.outbox.awaiting(),
        30,
        "the acknowledgement at the site",
    )
    assert {row["state"] for row in site.parts.outbox.listing()} == {"delivered"}


def test_postfix_says_what_calls_for_another_act(host: MailHost, port: int):
    with pytest.raises(NoSuchRecipientError):
        relay(host, port, "stranger@mail.test").send(b"Subject: x\r\n\r\nx\r\n")
    with pytest.raises(TooLargeError) as raised:
        relay(host, port, "inbox@mail.test").send(b"Subject: x\r\n\r\n" + b"x\r\n" * _SIZE)
    assert raised.value.limit == _SIZE


def test_a_stick_goes_both_ways(site: TestSite, home: Home, tmp_path: Path):
    """No network at all: export, import at the vendor, and the answer back."""
    site.report(crash(1))
    site.bundle()
    run = CliRunner().invoke
    stick = tmp_path / "stick"
    done = run(main, ["comm", "export", str(stick), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["written"] == [1]
    assert json.loads(run(main, ["comm", "export", str(stick), "--json"]).output)["already"] == [1]
    files = BundleFiles(stick, 10**7)
    assert [o.what for o in home.reader().read(files)] == ["stored"]
    identity = site.parts.site.site
    files.leave(f"{identity}.json", home.acknowledger.write(identity).read_bytes())
    done = run(main, ["comm", "import", str(stick), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == {"delivered": [1]}
    ack = str(stick / "acks" / f"{identity}.json")
    assert json.loads(run(main, ["comm", "acknowledgements", ack, "--json"]).output) == {
        "delivered": []
    }


def test_an_exported_bundle_is_never_made_anew(site: TestSite, tmp_path: Path):
    site.bundle()
    assert replaceable(site.store, 1)
    export(site.store, site.clock, site.parts.site.site, tmp_path / "stick")
    assert not replaceable(site.store, 1)
