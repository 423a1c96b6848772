"""What every mailbox of the vendor's inbox must keep; IMAP against a real dovecot."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.errors import RefusedError
from home.inbox.files import BundleFiles
from home.inbox.imap import open_imap, server_of
from home.inbox.mailbox import Mailbox
from home.inbox.maildir import Maildir
from home.inbox.settings import ImapSettings
from tests.support.mail_servers import MailHost, dovecot
from tests.support.vendor import CRASH, Site, Vendor

MOST = 1_000_000


@pytest.fixture(scope="module")
def host() -> Iterator[MailHost]:
    with dovecot() as running:
        yield running


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Vendor]:
    made = Vendor(tmp_path / "home")
    yield made
    made.store.close()


@pytest.fixture
def site(vendor: Vendor) -> Site:
    return vendor.add_site()


class InMaildir:
    moves = True

    def __init__(self, folder: Path, _host: MailHost) -> None:
        self.maildir = Maildir(folder / "Maildir", MOST)

    def put(self, mail: bytes) -> None:
        self.maildir.deliver(mail)

    @contextlib.contextmanager
    def open(self) -> Iterator[Mailbox]:
        yield self.maildir


class InFiles:
    moves = False

    def __init__(self, folder: Path, _host: MailHost) -> None:
        self.folder = folder / "stick"
        self.folder.mkdir()
        self.count = 0

    def put(self, mail: bytes) -> None:
        self.count += 1
        (self.folder / f"{self.count:03}.eml").write_bytes(mail)

    @contextlib.contextmanager
    def open(self) -> Iterator[Mailbox]:
        yield BundleFiles(self.folder, MOST)


class InImap:
    moves = True

    def __init__(self, _folder: Path, host: MailHost) -> None:
        self.host = host
        shutil.rmtree(host.maildir("inbox"), ignore_errors=True)
        self.settings = ImapSettings(
            host="localhost", port=host.imap, security="starttls", user="inbox",
            ca_file=str(host.ca_file), password_file=str(host.password_file),
        )  # fmt: skip

    def put(self, mail: bytes) -> None:
        self.host.deliver("inbox", mail)

    @contextlib.contextmanager
    def open(self) -> Iterator[Any]:
        with open_imap(server_of(self.settings), self.settings, MOST) as box:
            yield box


@pytest.fixture(params=[InMaildir, InFiles, InImap], ids=["maildir", "files", "imap"])
def place(request: pytest.FixtureRequest, tmp_path: Path, host: MailHost) -> Any:
    return request.param(tmp_path, host)


def read(place: Any, vendor: Vendor) -> list[str]:
    with place.open() as box:
        return [outcome.what for outcome in vendor.reader().read(box)]


def test_bundles_are_read_in_the_order_of_their_arrival_and_put_away(
    place: Any, vendor: Vendor, site: Site
):
    for _ in range(3):
        place.put(site.mail(problems=[CRASH]))
    with place.open() as box:
        outcomes = vendor.reader().read(box)
    assert [(o.what, o.sequence) for o in outcomes] == [("stored", n) for n in (1, 2, 3)]
    assert read(place, vendor) == ([] if place.moves else ["duplicate"] * 3)


def test_strangers_mails_are_refused_once_and_kept_apart(place: Any, vendor: Vendor, site: Site):
    place.put(b"From: x@y.z\r\nSubject: buy\r\n\r\nnow\r\n")
    place.put(site.mail())
    assert sorted(read(place, vendor)) == ["refused", "stored"]
    assert vendor.store.value("SELECT sender FROM refused_mails") == "x@y.z"
    if place.moves:
        assert read(place, vendor) == []


def test_killed_before_it_was_put_away_it_is_a_duplicate(place: Any, vendor: Vendor, site: Site):
    place.put(site.mail())
    with place.open() as box:
        (name,) = box.names()
        assert box.open(name).data
    assert read(place, vendor) == ["stored"]


def test_a_mail_too_large_is_refused_unread(place: Any, vendor: Vendor):
    place.put(b"Subject: big\r\n\r\n" + b"x" * 70 * 1000 + b"\r\n" * MOST)
    with place.open() as box:
        (name,) = box.names()
        with pytest.raises(RefusedError, match="larger"):
            box.open(name)


def test_accepting_or_forgetting_again_is_no_error(place: Any, vendor: Vendor, site: Site):
    place.put(site.mail())
    with place.open() as box:
        (name,) = box.names()
        box.accept(name)
        box.accept(name)
        box.forget(name)
        box.forget("never-heard-of")


def test_refused_mails_can_be_read_again_by_imap(tmp_path: Path, host: MailHost, vendor: Vendor):
    place = InImap(tmp_path, host)
    place.put(b"From: x@y.z\r\n\r\nnothing\r\n")
    assert read(place, vendor) == ["refused"]
    with place.open() as box:
        assert box.retry_refused() == 1
    with place.open() as box:
        assert len(box.names()) == 1


def test_only_the_oldest_refused_are_forgotten_by_imap(
    tmp_path: Path, host: MailHost, vendor: Vendor
):
    place = InImap(tmp_path, host)
    for number in range(4):
        place.put(f"From: {number}@y.z\r\n\r\nnothing\r\n".encode())
    with place.open() as box:
        vendor.reader(most_refused=2).read(box)
    with place.open() as box:
        assert box.retry_refused() == 2
        assert [box.headers(name).sender for name in box.names()] == ["2@y.z", "3@y.z"]


def test_a_line_that_is_cut_refuses_no_mail(tmp_path: Path, host: MailHost, vendor: Vendor):
    place = InImap(tmp_path, host)
    place.put(b"From: x@y.z\r\n\r\nnothing\r\n")
    with place.open() as box:
        waiting = box.names()
        box._session.shutdown()
        box.names = lambda: waiting
        assert [outcome.what for outcome in vendor.reader().read(box)] == ["later"]
    assert vendor.count("refused_mails") == 0
