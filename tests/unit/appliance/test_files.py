from __future__ import annotations

import errno
import io
import os

import pytest

from appliance.domain.work import BusyError
from appliance.store.files import AttachmentFiles


def test_a_file_is_kept_for_its_owner_alone_and_is_what_was_sent(tmp_path):
    files = AttachmentFiles(tmp_path / "attachments")
    id_, size, digest = files.put(io.BytesIO(b"hello"), 5)
    path = files.path(id_)
    assert (path.read_bytes(), size, path.stat().st_mode & 0o777) == (b"hello", 5, 0o600)
    assert digest.startswith("2cf24dba5fb0a30e26e83b2ac5b9e29e")


def test_what_is_too_large_is_read_no_further_and_not_kept(tmp_path):
    files = AttachmentFiles(tmp_path)
    source = io.BytesIO(b"x" * 3_000_000)
    _id, size, _digest = files.put(source, 1000)
    assert size > 1000
    assert source.tell() < 1_000_000
    assert list(tmp_path.glob("*/*")) == []


@pytest.mark.parametrize("step", ["fsync", "fchmod"])
def test_a_full_disk_leaves_nothing_and_is_told_in_words(tmp_path, monkeypatch, step):
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(BusyError, match="try again later"):
        AttachmentFiles(tmp_path).put(io.BytesIO(b"hello"), 100)
    assert list(tmp_path.glob("*/*")) == []


@pytest.mark.parametrize("id_", ["", "../../etc/passwd", "A" * 32, "0" * 31])
def test_only_an_id_is_a_file(tmp_path, id_):
    with pytest.raises(ValueError, match="no file"):
        AttachmentFiles(tmp_path).path(id_)
