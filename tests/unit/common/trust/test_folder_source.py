from __future__ import annotations

import os
from pathlib import Path

import pytest
from tuf.api.exceptions import DownloadError

from common.trust import FolderSource
from common.trust.source import ForbiddenPathError


@pytest.fixture
def stick(tmp_path: Path) -> Path:
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


def test_no_stick(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="cannot be opened"):
        FolderSource(tmp_path / "none").open("metadata/timestamp.json")
