from __future__ import annotations

import os
from pathlib import Path

import pytest

from common.errors import NetworkError, OperatorError, RefusedError
from common.trust import Repository
from common.wire.release import pack_target
from tests.support.repository_simulator import PLATFORM, RepositorySimulator

TARGET = pack_target("phone", "1.0.1", PLATFORM)
DATA = os.urandom(10_000)


@pytest.fixture
def path(vendor: RepositorySimulator, reader: Repository) -> str:
    """Where a target of 10 kB is published."""
    published = vendor.add_target(TARGET, DATA)
    vendor.bump("phone")
    reader.refresh()
    return published


def asked(vendor: RepositorySimulator, path: str) -> list[int]:
    return [offset for asked, offset in vendor.asked if asked == path]


def test_tells_how_far_it_is(reader: Repository, path: str, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    reader.download(TARGET, tmp_path / "out", lambda done, total: told.append((done, total)))
    assert told[0] == (0, 10_000)
    assert told[-1] == (10_000, 10_000)
    assert told == sorted(told)


def test_goes_on_where_it_broke_off(
    reader: Repository, vendor: RepositorySimulator, path: str, tmp_path: Path
) -> None:
    vendor.files[path] = DATA[:4_000]
    with pytest.raises(NetworkError, match="ended after 4000 of 10000 bytes"):
        reader.download(TARGET, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    vendor.files[path] = DATA
    reader.download(TARGET, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == DATA
    assert asked(vendor, path) == [0, 4_000]


def test_a_poisoned_part_is_thrown_away_once(
    reader: Repository, vendor: RepositorySimulator, path: str, tmp_path: Path
) -> None:
    vendor.files[path] = b"\0" * 4_000
    with pytest.raises(NetworkError):
        reader.download(TARGET, tmp_path / "out")
    vendor.files[path] = DATA
    reader.download(TARGET, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == DATA
    assert asked(vendor, path) == [0, 4_000, 0]


def test_a_part_that_is_too_long_is_thrown_away(
    reader: Repository, vendor: RepositorySimulator, path: str, tmp_path: Path
) -> None:
    vendor.files[path] = DATA[:1]
    with pytest.raises(NetworkError):
        reader.download(TARGET, tmp_path / "out")
    (part,) = tmp_path.glob(".out.*.part")
    part.write_bytes(DATA * 2)
    vendor.files[path] = DATA
    reader.download(TARGET, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == DATA


def test_a_complete_part_needs_no_source(
    reader: Repository, vendor: RepositorySimulator, path: str, tmp_path: Path
) -> None:
    vendor.files[path] = DATA[:1]
    with pytest.raises(NetworkError):
        reader.download(TARGET, tmp_path / "out")
    (part,) = tmp_path.glob(".out.*.part")
    part.write_bytes(DATA)  # killed between the last byte and the rename
    reader.download(TARGET, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == DATA
    assert asked(vendor, path) == [0]


def test_what_is_there_is_not_fetched_again(
    reader: Repository, vendor: RepositorySimulator, path: str, tmp_path: Path
) -> None:
    reader.download(TARGET, tmp_path / "out")
    reader.download(TARGET, tmp_path / "out")
    assert asked(vendor, path) == [0]


def test_a_rotten_destination_is_replaced(reader: Repository, path: str, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"\0" * 10_000)
    reader.download(TARGET, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == DATA


def test_tampered_twice_is_a_refusal_and_leaves_nothing(
    reader: Repository, vendor: RepositorySimulator, path: str, tmp_path: Path
) -> None:
    vendor.files[path] = bytes(5_000)
    with pytest.raises(NetworkError):
        reader.download(TARGET, tmp_path / "d" / "out")
    vendor.files[path] = bytes(10_000)
    with pytest.raises(RefusedError) as caught:
        reader.download(TARGET, tmp_path / "d" / "out")
    assert caught.value.kind == "tampered"
    assert list((tmp_path / "d").iterdir()) == []


def test_an_unwritable_place_is_for_the_operator(
    reader: Repository, path: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OperatorError, match="cannot be written"):
        reader.download(TARGET, tmp_path / "file" / "out")


def test_metadata_as_it_is_published(reader: Repository, vendor: RepositorySimulator) -> None:
    reader.channel("phone", "stable")
    published = reader.metadata()
    first, *_, last = published
    assert (first, last) == ("1.root.json", "timestamp.json")
    assert "2.phone.json" in published
    assert "1.desk.json" not in published
    for name, data in published.items():
        assert vendor.files[f"metadata/{name}"] == data
