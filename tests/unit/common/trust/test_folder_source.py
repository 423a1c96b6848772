from __future__ import annotations

import os
from pathlib import Path

import pytest
from tuf.api.exceptions import DownloadError, DownloadHTTPError

from common.trust import FolderSource, folder_source
from common.trust.source import ForbiddenPathError


@pytest.fixture(params=[True, False], ids=["step by step", "looked at first"])
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """Read as Linux does, and as Windows must."""
    monkeypatch.setattr(folder_source, "_BY_STEPS", request.param)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.json").write_bytes(b"secret")
    (tmp_path / "stick" / "metadata").mkdir(parents=True)
    return tmp_path / "stick"


def test_a_link_to_a_file_is_not_followed(stick: Path, tmp_path: Path) -> None:
    (stick / "metadata" / "x.json").symlink_to(tmp_path / "outside" / "secret.json")
    with pytest.raises(ForbiddenPathError, match="behind a link"):
        FolderSource(stick).open("metadata/x.json")


def test_a_link_to_a_folder_is_not_followed(stick: Path, tmp_path: Path) -> None:
    (stick / "targets").symlink_to(tmp_path / "outside")
    with pytest.raises(ForbiddenPathError, match="behind a link"):
        FolderSource(stick).open("targets/secret.json")


def test_a_pipe_does_not_make_us_wait(stick: Path) -> None:
    os.mkfifo(stick / "metadata" / "timestamp.json")
    with pytest.raises(ForbiddenPathError, match="not a plain file"):
        FolderSource(stick).open("metadata/timestamp.json")


def test_a_folder_in_the_place_of_a_file(stick: Path) -> None:
    (stick / "metadata" / "timestamp.json").mkdir()
    with pytest.raises(ForbiddenPathError, match="not a plain file"):
        FolderSource(stick).open("metadata/timestamp.json")


def test_a_file_in_the_place_of_a_folder(stick: Path) -> None:
    (stick / "targets").write_bytes(b"")
    with pytest.raises(DownloadError, match="cannot be read"):
        FolderSource(stick).open("targets/x")


def test_a_file_is_read_from_any_byte_on(stick: Path) -> None:
    (stick / "metadata" / "1.json").write_bytes(b"a\r\nlist")
    assert b"".join(FolderSource(stick).open("metadata/1.json")) == b"a\r\nlist"
    assert b"".join(FolderSource(stick).open("metadata/1.json", 3)) == b"list"
    with pytest.raises(DownloadHTTPError, match="there is no"):
        FolderSource(stick).open("metadata/2.json")


def test_no_stick(stick: Path) -> None:
    with pytest.raises(DownloadError, match="cannot be opened"):
        FolderSource(stick / "none").open("metadata/timestamp.json")
