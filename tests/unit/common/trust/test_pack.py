from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
import zstandard

from common.errors import RefusedError
from common.trust.pack import read_pack
from common.wire.release import File
from tests.support.repository_simulator import manifest_of, pack_of

FILES = {"run": b"program", "data/big": bytes(300_000)}
MANIFEST = manifest_of("phone", "1.0.0", FILES)


def refused(tmp_path: Path, pack: bytes, *words: str) -> None:
    (tmp_path / "pack").write_bytes(pack)
    with pytest.raises(RefusedError) as caught:
        read_pack(tmp_path / "pack", MANIFEST)
    assert caught.value.kind == "pack"
    for word in words:
        assert word in str(caught.value)


def test_gives_every_file_once(tmp_path: Path) -> None:
    (tmp_path / "pack").write_bytes(pack_of(FILES))
    got: dict[str, bytes] = {}
    read_pack(
        tmp_path / "pack", MANIFEST, lambda file, stream: got.update({file.path: stream.read()})
    )
    assert got == FILES


def test_what_the_taker_leaves_unread_is_checked_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "pack").write_bytes(pack_of(FILES | {"data/big": b"\1" * 300_000}))
    taken: list[File] = []
    with pytest.raises(RefusedError, match="other bytes"):
        read_pack(tmp_path / "pack", MANIFEST, lambda file, _stream: taken.append(file))
    assert [file.path for file in taken] == ["run", "data/big"]


def test_a_file_twice(tmp_path: Path) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for _ in range(2):
            info = tarfile.TarInfo("run")
            info.size, info.mode = len(FILES["run"]), 0o755
            tar.addfile(info, io.BytesIO(FILES["run"]))
    refused(tmp_path, zstandard.compress(plain.getvalue()), "'run'", "does not name")


@pytest.mark.parametrize("kind", [tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, b"6", b"3"])
def test_anything_but_a_plain_file(tmp_path: Path, kind: bytes) -> None:
    refused(tmp_path, pack_of({"run": b""}, type=kind, linkname="/etc/passwd"), "run")


def test_a_cut_off_pack(tmp_path: Path) -> None:
    pack = pack_of(FILES)
    refused(tmp_path, pack[: len(pack) // 2])


@pytest.mark.parametrize("junk", [b"", b"junk", zstandard.compress(b"junk" * 1000)])
def test_no_pack_at_all(tmp_path: Path, junk: bytes) -> None:
    refused(tmp_path, junk)


def test_a_bomb_is_not_unfolded(tmp_path: Path) -> None:
    refused(tmp_path, pack_of(FILES | {"zero": bytes(2**26)}), "does not name")
    huge = zstandard.compress(b"\0" * 2**26)
    refused(tmp_path, huge)
