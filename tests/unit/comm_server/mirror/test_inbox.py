"""The inbox for pushes, with a folder in the place of SFTP."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from comm_server.mirror import Accepted, Refused
from comm_server.mirror.inbox import PushInbox
from common.errors import OperatorError
from tests.support.clock import FakeClock
from tests.support.kills import Killed, killed_at, no_power_cut
from tests.support.repository_simulator import RepositorySimulator
from tests.unit.comm_server.mirror.conftest import Site

__all__ = ["no_power_cut"]
LAST = "metadata/timestamp.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


@pytest.fixture
def inbox(site: Site, folder: Path, clock: FakeClock) -> PushInbox:
    return PushInbox(folder, site.mirror, clock, keep=14, most=2**20)


def lay(folder: Path, files: dict[str, bytes], clock: FakeClock) -> None:
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        os.utime(place, (clock.now().timestamp(),) * 2)


def left(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


def test_no_inbox_and_an_empty_one_are_nothing(inbox: PushInbox, folder: Path) -> None:
    assert inbox.look() is None
    folder.mkdir()
    assert inbox.look() is None


def test_nothing_is_looked_at_before_the_last_file(
    inbox: PushInbox, site: Site, vendor: RepositorySimulator, folder: Path, clock: FakeClock
) -> None:
    files = {path: data for path, data in vendor.files.items() if path != LAST}
    lay(folder, files | {f"{LAST}.part": vendor.files[LAST]}, clock)
    assert inbox.look() is None
    assert site.rows() == []
    (folder / f"{LAST}.part").rename(folder / LAST)
    assert isinstance(inbox.look(), Accepted)
    assert site.client_sees() == "1.0.0"
    assert left(folder) == []
    assert inbox.look() is None


def test_a_push_that_begins_meanwhile_keeps_its_files(
    inbox: PushInbox,
    site: Site,
    vendor: RepositorySimulator,
    folder: Path,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lay(folder, vendor.files, clock)
    vendor.ship("phone", "1.0.1")
    (pack,) = (path for path in vendor.files if "1.0.1" in path and path.endswith(".zst"))
    offer = site.mirror.offer

    def offer_and_more(source, via):  # type: ignore[no-untyped-def]
        answer = offer(source, via)
        more = {pack: vendor.files[pack], "targets/phone/x.part": b"half", LAST: vendor.files[LAST]}
        (folder / LAST).unlink()
        lay(folder, more, clock)
        return answer

    monkeypatch.setattr(site.mirror, "offer", offer_and_more)
    assert isinstance(inbox.look(), Accepted)
    assert left(folder) == sorted([pack, "targets/phone/x.part", LAST])


def test_what_was_never_finished_is_let_go(
    inbox: PushInbox, vendor: RepositorySimulator, folder: Path, clock: FakeClock
) -> None:
    lay(folder, {"targets/phone/old.part": b"x", "targets/phone/whole": b"y"}, clock)
    clock.advance(days=13)
    lay(folder, {"targets/phone/new.part": b"x"}, clock)
    inbox.look()
    assert len(left(folder)) == 3
    clock.advance(days=2)
    inbox.look()
    assert left(folder) == ["targets/phone/new.part"]


def test_endless_data_in_the_inbox_is_let_go_at_once(
    inbox: PushInbox, folder: Path, clock: FakeClock
) -> None:
    lay(folder, {"targets/a.part": bytes(2**19)}, clock)
    inbox.look()
    assert left(folder) == ["targets/a.part"]
    lay(folder, {"targets/b.part": bytes(2**19 + 1)}, clock)
    inbox.look()
    assert left(folder) == []


def test_links_are_never_followed(
    inbox: PushInbox, site: Site, vendor: RepositorySimulator, folder: Path, clock: FakeClock,
    tmp_path: Path,
) -> None:  # fmt: skip
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_bytes(b"the site's own")
    lay(folder, vendor.files, clock)
    (pack,) = (path for path in vendor.files if path.endswith(".zst"))
    (folder / pack).unlink()
    (folder / pack).symlink_to(secret / "key")
    (folder / "targets" / "linked").symlink_to(secret)
    answer = inbox.look()
    assert isinstance(answer, Refused)
    assert answer.kind == "path"
    assert (secret / "key").read_bytes() == b"the site's own"
    assert left(folder) == []
    (folder / LAST).symlink_to(secret / "key")
    assert inbox.look() is None


def test_an_inbox_that_cannot_be_emptied_is_for_the_operator(
    inbox: PushInbox,
    vendor: RepositorySimulator,
    folder: Path,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lay(folder, vendor.files, clock)

    unlink = Path.unlink

    def forbidden(path: Path, **how: bool) -> None:
        if folder in path.parents:
            raise PermissionError(13, "Permission denied")
        unlink(path, **how)

    monkeypatch.setattr(Path, "unlink", forbidden)
    with pytest.raises(OperatorError, match=r"docs/push\.md"):
        inbox.look()


@pytest.mark.usefixtures("no_power_cut")
def test_a_kill_at_every_touch_of_the_disk_leaves_it_to_be_offered_again(
    inbox: PushInbox, site: Site, vendor: RepositorySimulator, folder: Path, clock: FakeClock
) -> None:
    lay(folder, vendor.files, clock)
    inbox.look()
    vendor.bump("phone")
    lay(folder, vendor.files, clock)
    removed = len(left(folder))
    with killed_at(10**9) as count:
        inbox.look()
    # Up to here it is the gate's own work, which test_kills.py kills.
    for step in (1, *range(count[0] - removed + 1, count[0] + 1)):
        vendor.bump("phone")
        shutil.rmtree(folder)
        lay(folder, vendor.files, clock)
        with killed_at(step), pytest.raises(Killed):
            inbox.look()
        answer = inbox.look()
        assert answer is None or isinstance(answer, Accepted), answer
        assert inbox.look() is None
        assert site.client_sees() == "1.0.0"
        assert not [path for path in left(folder) if path.startswith("metadata/timestamp")]
