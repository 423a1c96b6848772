"""Sealed files: any part is read, and nothing that was changed."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from common.errors import RefusedError
from common.sealed_file import PIECE, SealedFile, new_key, read_sealed, seal_file, sealed

KEY = bytes(range(32))
ON_DISK = PIECE + 16


def write(path: Path, content: bytes, portion: int = 5000) -> Path:
    source = (content[at : at + portion] for at in range(0, len(content), portion))
    path.write_bytes(b"".join(sealed(source, KEY, path.name)))
    return path


def read(path: Path, size: int, at: int = 0, most: int = -1, key: bytes = KEY) -> bytes:
    with io.BufferedReader(SealedFile(path, key, path.name, size), PIECE) as file:
        file.seek(at)
        return file.read(most)


@pytest.mark.parametrize("size", [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7])
@pytest.mark.parametrize("portion", [PIECE, 2 * PIECE + 1, 999])
def test_what_was_sealed_is_read_whole_and_in_parts(tmp_path: Path, size: int, portion: int):
    content = os.urandom(size)
    path = write(tmp_path / "file", content, portion)
    assert read(path, size) == content
    for at in {0, size // 2, size - 1, min(PIECE, size - 1)}:
        assert read(path, size, at, 100) == content[at : at + 100]
    assert read(path, size, size + 5, 10) == b""
    assert content[:32] not in path.read_bytes() or size < 32


def test_what_was_changed_swapped_cut_or_put_elsewhere_is_not_read(tmp_path: Path):
    content = os.urandom(3 * PIECE)
    whole = write(tmp_path / "file", content).read_bytes()
    pieces = [whole[at : at + ON_DISK] for at in range(0, len(whole), ON_DISK)]
    for name, changed in {
        "a bit": whole[:9] + bytes([whole[9] ^ 1]) + whole[10:],
        "swapped": b"".join([pieces[1], pieces[0], pieces[2]]),
    }.items():
        (tmp_path / "file").write_bytes(changed)
        with pytest.raises(OSError, match="changed"):
            read(tmp_path / "file", len(content))
        assert name
    (tmp_path / "file").write_bytes(whole[: 2 * ON_DISK])
    with pytest.raises(OSError, match="changed"):
        read(tmp_path / "file", 2 * PIECE)  # as if it had ended there
    with pytest.raises(OSError, match="changed"):
        read(tmp_path / "file", len(content), 2 * PIECE)
    (tmp_path / "other").write_bytes(whole)
    with pytest.raises(OSError, match="changed"):
        read(tmp_path / "other", len(content))
    with pytest.raises(OSError, match="changed"):
        read(write(tmp_path / "file", content), len(content), key=bytes(32))


@pytest.mark.parametrize("size", [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_every_part_of_a_kept_file_reads_as_it_was(tmp_path, size):
    plain = bytes(n * 7 % 251 for n in range(size))
    key, path = new_key(), tmp_path / "a" / "f"
    assert seal_file(io.BytesIO(plain), path, key)[0] == size
    for first, last in ((0, size - 1), (size // 2, size - 1), (size - 1, size - 1), (0, 0)):
        assert b"".join(read_sealed(path, key, size, first, last)) == plain[first : last + 1]


@pytest.mark.parametrize("damage", ["changed", "exchanged", "cut off"])
def test_a_kept_file_that_was_changed_exchanged_or_cut_off_is_refused(tmp_path, damage):
    key, path, size = new_key(), tmp_path / "f", 3 * PIECE
    seal_file(io.BytesIO(b"x" * size), path, key)
    sealed, one = path.read_bytes(), PIECE + 16
    bad = {
        "changed": b"y" + sealed[1:],
        "exchanged": sealed[one : 2 * one] + sealed[:one] + sealed[2 * one :],
        "cut off": sealed[: 2 * one],
    }[damage]
    path.write_bytes(bad)
    told = size if damage != "cut off" else 2 * PIECE
    with pytest.raises(RefusedError, match="was changed"):
        b"".join(read_sealed(path, key, told, 0, told - 1))
