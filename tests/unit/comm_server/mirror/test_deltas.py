"""The mirror brings what this site's clients need, each byte once, and verifies it first."""

from __future__ import annotations

from pathlib import Path

import pytest
from tuf.api.exceptions import DownloadError

from comm_server.mirror import Mirror, Refused
from common.errors import NetworkError, NotThereError, OperatorError
from common.trust import FolderSource, Source
from common.trust.delta import read_head
from common.wire.release import pack_target
from tests.support.delta_world import NEW, OLD, Shipped, ship_with_delta
from tests.support.repository_simulator import PLATFORM, RepositorySimulator
from tests.unit.comm_server.mirror.conftest import PHONE, Site

NEWEST = {**NEW, "lib/one.py": b"one more\n"}


@pytest.fixture
def vendor() -> RepositorySimulator:
    made = RepositorySimulator("phone")
    made.add_release("phone", "1.0.0", OLD)
    made.point("phone", "stable", "1.0.0")
    made.bump("phone")
    return made


@pytest.fixture
def runs(site: Site) -> set[str | None]:
    """The versions that the site's clients run; a test changes it."""
    running: set[str | None] = {None}
    site.mirror = Mirror(
        site.folder / "mirror",
        site.root,
        site.store,
        lambda: {PHONE},
        site.announce,
        running=lambda _product, _platform: running,
        clock=site.clock,
        lock_wait=0,
    )
    return running


@pytest.fixture
def shipped(
    site: Site, vendor: RepositorySimulator, runs: set[str | None], tmp_path: Path
) -> Shipped:
    """All clients run 1.0.0, which came here as a pack; 1.1.0 is at the vendor with a delta."""
    site.accepts(vendor)
    runs.clear()
    runs.add("1.0.0")
    vendor.asked.clear()
    return ship_with_delta(vendor, tmp_path / "made", "phone")


def asked(vendor: RepositorySimulator) -> set[str]:
    """The names of the releases' files that were fetched, with their versions."""
    paths = [path.split("/") for path, _offset in vendor.asked if PLATFORM in path]
    return {f"{path[2]} {path[4].split('.', 1)[1]}" for path in paths}


def name_of(shipped: Shipped) -> str:
    return f"{shipped.target.split('/')[1]} {shipped.target.split('/')[3]}"


def served(site: Site, target: str, at: str = "seat") -> Path:
    """What a client fetches here, verified from its own root."""
    client = site.client(at)
    client.refresh()
    place = site.folder / "served" / at / target
    client.download(target, place)
    return place


def test_the_delta_alone_crosses_the_line_and_brings_the_manifest(
    site: Site, vendor: RepositorySimulator, shipped: Shipped
) -> None:
    answer = site.accepts(vendor)
    assert asked(vendor) == {name_of(shipped)}
    lists = sum(
        len(vendor.files.get(path, b"")) for path, _o in vendor.asked if "metadata/" in path
    )
    pointer = sum(len(vendor.files[path]) for path, _o in vendor.asked if "channels/" in path)
    assert answer.fetched <= len(shipped.pair.delta) + lists + pointer
    delta = served(site, shipped.target)
    assert read_head(delta, shipped.pair.base).manifest == shipped.pair.target
    client = site.client("seat")
    client.refresh()
    assert client.manifest("phone", "1.1.0", PLATFORM) == shipped.pair.target


@pytest.mark.parametrize("other", [None, "", "0.9.0", "../../../x", "no version"])
def test_a_client_with_nothing_or_another_base_brings_the_pack_too(
    site: Site,
    vendor: RepositorySimulator,
    shipped: Shipped,
    runs: set[str | None],
    other: str | None,
) -> None:
    runs.add(other)
    site.accepts(vendor)
    assert asked(vendor) == {name_of(shipped), "1.1.0 full.tar.zst"}
    assert site.client_sees() == "1.1.0"


def test_clients_two_versions_behind_get_their_own_delta(
    site: Site,
    vendor: RepositorySimulator,
    shipped: Shipped,
    runs: set[str | None],
    tmp_path: Path,
) -> None:
    site.accepts(vendor)
    runs.add("1.1.0")  # one is ahead; the other was away
    vendor.asked.clear()
    far = ship_with_delta(vendor, tmp_path / "far", "phone", ("1.0.0", "1.2.0"), OLD, NEWEST)
    near = ship_with_delta(vendor, tmp_path / "near", "phone", ("1.1.0", "1.2.0"), NEW, NEWEST)
    site.accepts(vendor)
    assert asked(vendor) == {name_of(far), name_of(near)}
    for one in (far, near):
        assert served(site, one.target).read_bytes() == one.pair.delta


def test_what_came_on_a_stick_comes_whole(
    site: Site, vendor: RepositorySimulator, shipped: Shipped, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    for path, data in vendor.files.items():
        (stick / path).parent.mkdir(parents=True, exist_ok=True)
        (stick / path).write_bytes(data)
    site.mirror.offer(FolderSource(stick), "usb")
    assert site.client_sees() == "1.1.0"
    served(site, shipped.target)


def test_a_pack_that_a_client_asks_for_comes_with_the_next_look(
    site: Site, vendor: RepositorySimulator, shipped: Shipped
) -> None:
    site.accepts(vendor)
    pack = pack_target("phone", "1.1.0", PLATFORM)
    client = site.client("seat")
    client.refresh()
    with pytest.raises(NotThereError):
        client.download(pack, site.folder / "got")
    missing = client.published_path(pack).removeprefix("targets/")
    assert site.mirror.asked.ask(missing)
    assert site.mirror.asked.ask(missing), "asking again is no mistake"
    vendor.asked.clear()
    site.accepts(vendor)
    assert asked(vendor) == {"1.1.0 full.tar.zst"}
    assert site.client_sees() == "1.1.0"
    assert site.mirror.asked.waiting() == []
    vendor.asked.clear()
    site.accepts(vendor)
    assert asked(vendor) == set()


@pytest.mark.parametrize(
    "name",
    [
        "phone/1.1.0/linux-x86_64/" + "0" * 64 + ".full.tar.zst",
        "phone/9.9.9/linux-x86_64/" + "0" * 64 + ".full.tar.zst",
        "desk/1.1.0/linux-x86_64/" + "0" * 64 + ".full.tar.zst",
        "../../../etc/passwd",
        "x",
        "",
    ],
)
def test_only_what_the_vendor_lists_is_asked_for(
    site: Site, vendor: RepositorySimulator, shipped: Shipped, name: str
) -> None:
    site.accepts(vendor)
    assert not site.mirror.asked.ask(name)
    assert site.mirror.asked.waiting() == []


def test_what_the_vendor_lists_and_does_not_have_is_not_waited_for(
    site: Site, vendor: RepositorySimulator, shipped: Shipped
) -> None:
    site.accepts(vendor)
    client = site.client("seat")
    client.refresh()
    path = client.published_path(pack_target("phone", "1.1.0", PLATFORM))
    del vendor.files[path]
    assert site.mirror.asked.ask(path.removeprefix("targets/"))
    site.accepts(vendor)
    assert not site.mirror.asked.ask(path.removeprefix("targets/"))


def test_without_the_listed_delta_the_pack_comes(
    site: Site, vendor: RepositorySimulator, shipped: Shipped
) -> None:
    del vendor.files[shipped.path]
    site.accepts(vendor)
    assert asked(vendor) >= {"1.1.0 full.tar.zst", "1.1.0 manifest.json"}
    assert site.client_sees() == "1.1.0"


@pytest.mark.parametrize("twentieth", range(0, 20, 4))
def test_attack_a_signed_delta_that_is_cut_off_brings_the_pack_too(
    site: Site, vendor: RepositorySimulator, shipped: Shipped, twentieth: int
) -> None:
    """The vendor's own mistake: the clients will need the pack, so it is here before they ask."""
    data = shipped.pair.delta
    vendor.add_target(shipped.target, data[: len(data) // 4 * twentieth // 20])
    vendor.bump("phone")
    site.accepts(vendor)
    assert site.client_sees() == "1.1.0"


def test_attack_a_delta_that_was_tampered_with_is_refused_and_not_handed_on(
    site: Site, vendor: RepositorySimulator, shipped: Shipped
) -> None:
    data = bytearray(shipped.pair.delta)
    data[-1] ^= 1
    vendor.files[shipped.path] = bytes(data)
    refused = site.refuses(vendor, "tampered")
    assert isinstance(refused, Refused)
    assert site.client_sees() == "1.0.0"


def test_attack_endless_data_in_place_of_a_delta(
    site: Site, vendor: RepositorySimulator, shipped: Shipped
) -> None:
    vendor.files[shipped.path] += bytes(5_000_000)
    site.refuses(vendor, "oversized")


def test_fault_the_disk_has_no_room_for_the_delta(
    site: Site,
    vendor: RepositorySimulator,
    shipped: Shipped,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Usage:
        free = 256 * 2**20

    monkeypatch.setattr("comm_server.mirror.gate.shutil.disk_usage", lambda _folder: Usage)
    with pytest.raises(OperatorError, match="Free disk space"):
        site.mirror.offer(vendor, "pull")
    assert asked(vendor) == set()
    Usage.free = 2**40
    site.accepts(vendor)
    served(site, shipped.target)


class Cutting(Source):
    """Breaks off after so many bytes of a delta."""

    def __init__(self, vendor: RepositorySimulator, after: int) -> None:
        self._vendor = vendor
        self._after = after
        self.sent = 0

    @property
    def name(self) -> str:
        return "a bad line"

    def open(self, path: str, offset: int = 0):
        chunks = self._vendor.open(path, offset)
        return self._cut(b"".join(chunks)) if path.endswith(".delta") else chunks

    def _cut(self, data: bytes):
        self.sent += len(data[: self._after])
        yield data[: self._after]
        if len(data) > self._after:
            raise DownloadError("the connection broke off")


def test_a_pull_resumes_after_a_cut_across_restarts_and_each_byte_comes_once(
    site: Site, vendor: RepositorySimulator, shipped: Shipped, runs: set[str | None]
) -> None:
    line = Cutting(vendor, 61)
    for number in range(len(shipped.pair.delta) // 61):
        with pytest.raises(NetworkError):
            site.mirror.offer(line, "pull")
        assert line.sent == 61 * (number + 1)
        site.mirror = Mirror(
            site.folder / "mirror", site.root, site.store, lambda: {PHONE}, site.announce,
            running=lambda _product, _platform: runs, clock=site.clock, lock_wait=0,
        )  # fmt: skip
    site.accepts(line)
    assert line.sent == len(shipped.pair.delta)
    assert served(site, shipped.target).read_bytes() == shipped.pair.delta


def test_however_many_clients_the_vendor_is_asked_once(
    site: Site, vendor: RepositorySimulator, shipped: Shipped
) -> None:
    site.accepts(vendor)
    before = len(vendor.asked)
    for number in range(20):
        served(site, shipped.target, f"seat-{number}")
    assert len(vendor.asked) == before


def test_what_nobody_goes_to_any_more_is_let_go(
    site: Site,
    vendor: RepositorySimulator,
    shipped: Shipped,
    runs: set[str | None],
    tmp_path: Path,
) -> None:
    site.accepts(vendor)
    runs.clear()
    runs.add("1.1.0")
    last = ship_with_delta(vendor, tmp_path / "last", "phone", ("1.1.0", "1.2.0"), NEW, NEWEST)
    site.accepts(vendor)
    left = {path.relative_to(site.mirror.live / "targets" / "phone") for path in files(site)}
    assert {(path.parts[0], path.name.split(".", 1)[1]) for path in left} == {
        ("1.1.0", "manifest.json"),
        ("1.2.0", "manifest.json"),
        ("1.2.0", last.target.split("/")[-1]),
    }


def files(site: Site) -> list[Path]:
    return [p for p in (site.mirror.live / "targets" / "phone").glob("*/*/*") if p.is_file()]


def test_a_delta_of_another_release_under_a_signed_name_is_not_counted_on(
    site: Site, vendor: RepositorySimulator, shipped: Shipped, tmp_path: Path
) -> None:
    elsewhere = ship_with_delta(
        vendor, tmp_path / "other", "phone", ("1.0.0", "1.3.0"), OLD, NEWEST
    )
    vendor.add_target(shipped.target, elsewhere.pair.delta)
    vendor.point("phone", "stable", "1.1.0")
    vendor.bump("phone")
    site.accepts(vendor)
    assert site.client_sees() == "1.1.0"
