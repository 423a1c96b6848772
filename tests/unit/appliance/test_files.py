from __future__ import annotations

import errno
import io
import os

import pytest

from appliance.domain.attachment import Attachment
from appliance.domain.work import BusyError
from appliance.store.files import AttachmentFiles
from common.vault import Vault
from tests.support.clock import START


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "keys")


@pytest.fixture
def files(tmp_path, vault) -> AttachmentFiles:
    return AttachmentFiles(tmp_path / "attachments", vault)


def left(tmp_path) -> list[object]:
    return list((tmp_path / "attachments").glob("*/*"))


def test_a_file_is_kept_for_its_owner_alone_sealed_and_is_what_was_sent(files):
    kept = files.put(io.BytesIO(b"hello"), 5)
    path = files.path(kept.id)
    assert (kept.size, path.stat().st_mode & 0o777) == (5, 0o600)
    assert kept.sha256.startswith("2cf24dba5fb0a30e26e83b2ac5b9e29e")
    assert b"hello" not in path.read_bytes()
    file = Attachment(kept.id, 1, "a.txt", "text/plain", 5, kept.sha256, START, kept.key)
    with files.open(file) as source:
        assert source.read() == b"hello"


def test_what_is_too_large_is_read_no_further_and_not_kept(files, tmp_path):
    source = io.BytesIO(b"x" * 3_000_000)
    assert files.put(source, 1000).size > 1000
    assert source.tell() < 1_000_000
    assert left(tmp_path) == []


@pytest.mark.parametrize("step", ["fsync", "fchmod"])
def test_a_full_disk_leaves_nothing_and_is_told_in_words(files, tmp_path, monkeypatch, step):
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(BusyError, match="try again later"):
        files.put(io.BytesIO(b"hello"), 100)
    assert left(tmp_path) == []


@pytest.mark.parametrize("id_", ["", "../../etc/passwd", "A" * 32, "0" * 31])
def test_only_an_id_is_a_file(files, id_):
    with pytest.raises(ValueError, match="no file"):
        files.path(id_)
