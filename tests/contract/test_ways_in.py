"""Three ways in, one gate: what every way must do, from the vendor's keys to what clients read.

Pull over HTTP, push over SFTP to Debian's OpenSSH server, and a folder as on a USB stick.
"""

from __future__ import annotations

import abc
import os
import shutil
import socket
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import paramiko
import pytest
import requests
from sqlite_utils import Migrations

from comm_server.mirror import Accepted, Mirror, Refused
from comm_server.mirror import schema as mirror_schema
from comm_server.mirror.inbox import PushInbox
from common.clock import SystemClock
from common.errors import NetworkError, RemoteError
from common.spool import Store
from common.trust import FolderSource, HttpSource, Repository
from common.wire.release import this_platform
from home.publish import room, rotation
from home.publish.room import publication_of
from home.push.by_itself import push_to_all
from home.push.service import Pusher
from home.push.sftp import Place
from home.schema import migrations
from home.settings import HomeSettings, PushSettings
from tests.support.sftp_server import USER, SftpServer, sftp_server
from tests.support.tiny_releases import CRASHES, PRODUCT, TinyVendor

Answer = Accepted | Refused


class Site:
    """A mirror that starts from the first root, and what its clients read."""

    def __init__(self, folder: Path, root: bytes) -> None:
        steps = Migrations("test")
        mirror_schema.add_to(steps)
        mirror_schema.add_notices_to(steps)
        mirror_schema.add_terms_to(steps)
        self.folder, self.root = folder, root
        self.store = Store(folder / "comm.db", steps)
        wanted = {(PRODUCT, "stable", this_platform())}
        self.mirror = Mirror(
            folder / "mirror", root, self.store, lambda: wanted, lambda *_release: None
        )

    def files(self) -> dict[str, bytes]:
        live = self.mirror.live
        return {str(p.relative_to(live)): p.read_bytes() for p in live.rglob("*") if p.is_file()}

    def sees(self) -> str:
        """The version that a client finds here, its pack fetched and verified."""
        live = FolderSource(self.mirror.live)
        reader = Repository(self.folder / "client", self.root, live)
        reader.refresh()
        version = reader.channel(PRODUCT, "stable")[this_platform()]
        pack = f"{PRODUCT}/{version}/{this_platform()}/full.tar.zst"
        reader.download(pack, self.folder / "got" / version)
        return version


class Way(abc.ABC):
    """One way from the publication to the gate."""

    def __init__(self, vendor: TinyVendor, site: Site) -> None:
        self.publication, self.site = vendor.publication, site

    @abc.abstractmethod
    def deliver(self) -> Answer:
        """All the way, as a person would have it."""

    @abc.abstractmethod
    def deliver_without(self, path: str) -> Answer | None:
        """The same, but ``path`` of the publication does not get there (yet)."""

    @abc.abstractmethod
    def deliver_changed(self, path: str, data: bytes) -> Answer:
        """The same, but someone on the way made ``data`` of ``path``."""

    def close(self) -> None:  # noqa: B027 - not every way has something to end
        """End what runs."""


class Usb(Way):
    """A folder."""

    @property
    def stick(self) -> Path:
        return self.site.folder / "stick"

    def deliver(self) -> Answer:
        shutil.copytree(self.publication, self.stick, dirs_exist_ok=True)
        return self.site.mirror.offer(FolderSource(self.stick), "usb")

    def deliver_without(self, path: str) -> Answer | None:
        shutil.copytree(self.publication, self.stick, dirs_exist_ok=True)
        (self.stick / path).unlink()
        with pytest.raises(NetworkError):
            self.site.mirror.offer(FolderSource(self.stick), "usb")
        return None

    def deliver_changed(self, path: str, data: bytes) -> Answer:
        shutil.copytree(self.publication, self.stick, dirs_exist_ok=True)
        (self.stick / path).write_bytes(data)
        return self.site.mirror.offer(FolderSource(self.stick), "usb")


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: Any) -> None:
        """Quiet."""


class Pull(Way):
    """HTTP, from a copy of the publication."""

    def __init__(self, vendor: TinyVendor, site: Site) -> None:
        super().__init__(vendor, site)
        self.served = site.folder / "served"
        handler = partial(_Handler, directory=str(self.served))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = False
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()
        self.session = requests.Session()
        self.session.trust_env = False

    def offer(self) -> Answer:
        source = HttpSource(f"http://127.0.0.1:{self.server.server_port}", self.session)
        return self.site.mirror.offer(source, "pull")

    def deliver(self) -> Answer:
        shutil.copytree(self.publication, self.served, dirs_exist_ok=True)
        return self.offer()

    def deliver_without(self, path: str) -> Answer | None:
        shutil.copytree(self.publication, self.served, dirs_exist_ok=True)
        (self.served / path).unlink()
        with pytest.raises(NetworkError):
            self.offer()
        return None

    def deliver_changed(self, path: str, data: bytes) -> Answer:
        shutil.copytree(self.publication, self.served, dirs_exist_ok=True)
        (self.served / path).write_bytes(data)
        return self.offer()

    def close(self) -> None:
        self.session.close()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class CutError(Exception):
    """The line went."""


class Push(Way):
    """SFTP into the packaged inbox, and the watcher of the communications server."""

    def __init__(self, vendor: TinyVendor, site: Site, server: SftpServer) -> None:
        super().__init__(vendor, site)
        self.server = server
        self.home = vendor.publication.parent
        self.store = Store(self.home / "home.db", migrations())
        self.store.execute(
            "INSERT INTO sites (id, name, enrolment_secret, added_at)"
            " VALUES ('1', 'Hotel', 'x', '2026-11-21')"
        )
        settings, clock = HomeSettings(data_dir=str(self.home)), SystemClock()
        self.pusher = Pusher(
            publication_of(settings, clock), self.store, self.home / "push.key",
            PushSettings(connect=30, idle=60), clock,
        )  # fmt: skip
        self.place = Place("127.0.0.1", server.port, USER, server.host_key, "/inbox")
        server.let_in(self.pusher.set_place("Hotel", self.place))
        for left in server.inbox.iterdir():
            shutil.rmtree(left)
        self.watcher = PushInbox(server.inbox, site.mirror, clock, keep=14, most=2**30)

    def push(self, *, again: bool = False) -> int:
        return self.pusher.push("Hotel", lambda *_told: None, again=again).sent

    def deliver(self) -> Answer:
        self.push()
        answer = self.watcher.look()
        assert answer is not None
        return answer

    def deliver_without(self, path: str) -> Answer | None:
        def cut(at: str, done: int, total: int) -> None:
            if at == path and done >= total // 2:
                raise CutError

        with pytest.raises(CutError):
            self.pusher.push("Hotel", cut)
        return self.watcher.look()

    def deliver_changed(self, path: str, data: bytes) -> Answer:
        self.push()
        (self.server.inbox / path).write_bytes(data)
        answer = self.watcher.look()
        assert answer is not None
        return answer

    def close(self) -> None:
        self.store.close()


@pytest.fixture(scope="module")
def server() -> Iterator[SftpServer]:
    with sftp_server() as server:
        yield server


@pytest.fixture
def vendor(tmp_path: Path) -> TinyVendor:
    vendor = TinyVendor(tmp_path / "vendor")
    vendor.ship("1.0.0", CRASHES)
    return vendor


@pytest.fixture
def site(tmp_path: Path, vendor: TinyVendor) -> Iterator[Site]:
    (tmp_path / "site").mkdir()
    site = Site(tmp_path / "site", vendor.root.read_bytes())
    yield site
    site.store.close()


@pytest.fixture(params=["pull", "push", "usb"])
def way(request: pytest.FixtureRequest, vendor: TinyVendor, site: Site) -> Iterator[Way]:
    if request.param == "push":
        way: Way = Push(vendor, site, request.getfixturevalue("server"))
    else:
        way = {"pull": Pull, "usb": Usb}[request.param](vendor, site)
    yield way
    way.close()


@pytest.fixture
def push(vendor: TinyVendor, site: Site, server: SftpServer) -> Iterator[Push]:
    push = Push(vendor, site, server)
    yield push
    push.close()


def pack_of(vendor: TinyVendor, version: str) -> str:
    place = vendor.publication / "targets" / PRODUCT / version / this_platform()
    (found,) = place.glob("*.full.tar.zst")
    return str(found.relative_to(vendor.publication))


def test_a_release_comes_in(way: Way, vendor: TinyVendor, site: Site) -> None:
    answer = way.deliver()
    assert isinstance(answer, Accepted), answer
    assert [one.version for one in answer.releases] == ["1.0.0"]
    assert site.sees() == "1.0.0"
    vendor.ship("1.0.1", CRASHES)
    assert isinstance(way.deliver(), Accepted)
    assert site.sees() == "1.0.1"


def test_the_same_again_is_nothing_new(way: Way, site: Site) -> None:
    way.deliver()
    before = site.files()
    again = way.deliver()
    assert isinstance(again, Accepted)
    assert again.releases == ()
    assert site.files() == before


def test_half_of_it_is_never_taken_in(way: Way, vendor: TinyVendor, site: Site) -> None:
    way.deliver()
    vendor.ship("1.0.1", CRASHES)
    before = site.files()
    for missing in (pack_of(vendor, "1.0.1"), "metadata/timestamp.json"):
        assert way.deliver_without(missing) is None
        assert site.files() == before
    assert site.sees() == "1.0.0"
    assert isinstance(way.deliver(), Accepted)
    assert site.sees() == "1.0.1"


def test_tampered_mirror_a_changed_pack(way: Way, vendor: TinyVendor, site: Site) -> None:
    way.deliver()
    vendor.ship("1.0.1", CRASHES)
    before, pack = site.files(), pack_of(vendor, "1.0.1")
    honest = (vendor.publication / pack).read_bytes()
    answer = way.deliver_changed(pack, honest[::-1])
    assert isinstance(answer, Refused)
    assert answer.kind == "tampered"
    assert site.files() == before
    assert site.sees() == "1.0.0"


def test_rollback_to_an_old_state(way: Way, vendor: TinyVendor, site: Site) -> None:
    way.deliver()
    old = (vendor.publication / "metadata" / "timestamp.json").read_bytes()
    vendor.ship("1.0.1", CRASHES)
    way.deliver()
    answer = way.deliver_changed("metadata/timestamp.json", old)
    assert isinstance(answer, Refused)
    assert answer.kind == "rollback"
    assert site.sees() == "1.0.1"


def test_new_keys_come_by_the_same_way(way: Way, vendor: TinyVendor, site: Site) -> None:
    way.deliver()
    settings = HomeSettings(data_dir=str(vendor.publication.parent))
    for names in (["timestamp", "snapshot"], ["root-1"], ["root-2", PRODUCT]):
        with room.open_publication(settings, SystemClock()) as (publication, keys):
            publication.commit(rotation.rotate(publication, keys, names))
    vendor.ship("1.0.1", CRASHES)
    assert isinstance(way.deliver(), Accepted)
    assert site.sees() == "1.0.1"


def test_a_push_goes_on_at_the_byte_where_it_broke_off(
    push: Push, vendor: TinyVendor, site: Site
) -> None:
    vendor.ship("1.0.1", os.urandom(150_000).hex())  # what zstd cannot make tiny
    pack = pack_of(vendor, "1.0.1")
    assert push.deliver_without(pack) is None
    part = push.server.inbox / f"{pack}.part"
    there, whole = part.stat().st_size, (vendor.publication / pack).stat().st_size
    assert 0 < there < whole
    told: list[tuple[int, int]] = []
    push.pusher.push("Hotel", lambda path, d, t: told.append((d, t)) if path == pack else None)
    assert told[0] == (there, whole)
    assert isinstance(push.watcher.look(), Accepted)
    assert site.sees() == "1.0.1"


def test_a_finished_push_sends_large_files_once(push: Push, vendor: TinyVendor) -> None:
    push.deliver()
    assert list(push.server.inbox.rglob("*.zst")) == []  # taken in, and out of the inbox
    size = (vendor.publication / pack_of(vendor, "1.0.0")).stat().st_size
    first = push.push(again=True)
    assert push.push() <= first - size


def test_the_home_pushes_by_itself_and_stops_when_it_is_told_to(push: Push, site: Site) -> None:
    key = push.home / "keys" / "online" / "push.key"
    key.write_bytes((push.home / "push.key").read_bytes())
    key.chmod(0o600)
    settings, asked = HomeSettings(data_dir=str(push.home)), iter([False, False, False, True])
    push_to_all(settings, SystemClock(), lambda: next(asked, True))
    assert push.watcher.look() is None  # it was left in the middle
    push_to_all(settings, SystemClock(), lambda: False)
    assert isinstance(push.watcher.look(), Accepted)
    assert site.sees() == "1.0.0"


def test_a_push_that_lacks_a_file_is_refused_and_all_of_it_helps(push: Push, site: Site) -> None:
    push.push()
    shutil.rmtree(push.server.inbox / "targets")
    answer = push.watcher.look()
    assert isinstance(answer, Refused)
    assert answer.kind == "incomplete"
    assert "--again" in answer.sentence
    assert push.watcher.look() is None
    push.push(again=True)
    assert isinstance(push.watcher.look(), Accepted)
    assert site.sees() == "1.0.0"


def test_what_was_refused_leaves_the_inbox(push: Push, vendor: TinyVendor) -> None:
    push.deliver_changed(pack_of(vendor, "1.0.0"), b"other")
    left = [path for path in push.server.inbox.rglob("*") if path.is_file()]
    assert left == []


def test_the_inbox_gives_nothing_back_and_lets_nothing_be_removed(push: Push) -> None:
    push.push()
    client = paramiko.Transport(("127.0.0.1", push.server.port))
    try:
        key = paramiko.Ed25519Key.from_private_key_file(str(push.home / "push.key"))
        client.connect(username=USER, pkey=key)
        sftp = paramiko.SFTPClient.from_transport(client)
        assert sftp is not None
        inside = "/inbox/metadata/timestamp.json"
        with pytest.raises(OSError, match="denied"), sftp.open(inside) as file:
            file.read()
        for forbidden in (
            lambda: sftp.remove(inside),
            lambda: sftp.listdir("/inbox"),
            lambda: sftp.symlink("/etc/passwd", "/inbox/link"),
            lambda: sftp.chmod(inside, 0o777),
        ):
            with pytest.raises(OSError, match="denied"):
                forbidden()
        with pytest.raises(FileNotFoundError):
            sftp.stat("/etc/passwd")  # it sees the chroot alone
        with pytest.raises(paramiko.ChannelException):
            client.open_channel("direct-tcpip", ("127.0.0.1", push.server.port), ("", 0))
        with pytest.raises(paramiko.SSHException):
            client.open_session().get_pty()
        shell = client.open_session()
        shell.exec_command("touch /inbox/made-by-a-shell")
        assert b"sftp connections only" in shell.recv(100)
        assert not (push.server.inbox / "made-by-a-shell").exists()
    finally:
        client.close()


def test_what_was_pushed_is_for_the_group_of_the_communications_server(push: Push) -> None:
    push.push()
    for path in (push.server.inbox, *push.server.inbox.rglob("*")):
        found = path.stat()
        assert found.st_gid == push.server.group()
        assert stat.filemode(found.st_mode)[1:] in {"rwxrws---", "rw-rw----"}, path


def test_another_host_key_is_not_believed(push: Push, server: SftpServer) -> None:
    stranger = paramiko.ECDSAKey.generate()
    for other in (
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJDMoiqaB1yM2gY/bq1UURlYdlyX3gCtH4kyEeNXh4Fq",
        f"{stranger.get_name()} {stranger.get_base64()}",
    ):
        place = Place("127.0.0.1", server.port, USER, other, "/inbox")
        push.pusher.set_place("Hotel", place)
        with pytest.raises((RemoteError, NetworkError)):
            push.push()
        assert list(server.inbox.iterdir()) == []


def test_once_set_up_for_another_key_the_one_before_is_out(push: Push, server: SftpServer) -> None:
    push.push()
    (push.home / "push.key").rename(push.home / "old.key")
    server.let_in(push.pusher.set_place("Hotel", push.place))
    (push.home / "old.key").rename(push.home / "push.key")
    with pytest.raises(RemoteError, match="callstead home site inbox"):
        push.push()


def test_a_server_that_never_greets(push: Push) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        place = Place("127.0.0.1", mute.getsockname()[1], USER, push.server.host_key, "/inbox")
        push.pusher.set_place("Hotel", place)
        hasty = replace(PushSettings(), connect=0.5)
        pusher = Pusher(
            push.pusher._publication, push.store, push.home / "push.key", hasty, SystemClock()
        )
        with pytest.raises(NetworkError, match="goes on from there"):
            pusher.push("Hotel", lambda *_told: None)
