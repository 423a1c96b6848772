"""A file at rest, sealed piece by piece."""

from __future__ import annotations

import io

import pytest

from common.errors import RefusedError
from common.sealed_file import new_key, read_sealed, seal_file

PIECE = 64 * 1024


@pytest.mark.parametrize("size", [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_every_part_of_it_reads_as_it_was(tmp_path, size):
    plain = bytes(n * 7 % 251 for n in range(size))
    key, path = new_key(), tmp_path / "a" / "f"
    assert seal_file(io.BytesIO(plain), path, key)[0] == size
    for first, last in ((0, size - 1), (size // 2, size - 1), (size - 1, size - 1), (0, 0)):
        assert b"".join(read_sealed(path, key, size, first, last)) == plain[first : last + 1]


@pytest.mark.parametrize("damage", ["changed", "exchanged", "cut off"])
def test_what_was_changed_exchanged_or_cut_off_does_not_open(tmp_path, damage):
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
