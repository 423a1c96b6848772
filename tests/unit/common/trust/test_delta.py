"""What a delta makes is the release that was signed, whatever is in it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import zstandard

from common.errors import RefusedError
from common.trust import delta as deltas
from common.trust.delta import read_delta, read_head
from common.wire.release import File, Manifest
from tests.support.delta_world import Pair, forged, make_pair, with_file


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("pair"))


def read(
    tmp_path: Path, pair: Pair, data: bytes, target: Manifest | None = None
) -> tuple[dict[str, bytes], dict[str, str]]:
    """What was made, and what was kept: new path by old path."""
    (tmp_path / "delta").write_bytes(data)
    made: dict[str, bytes] = {}
    kept: dict[str, str] = {}
    read_delta(
        tmp_path / "delta",
        pair.base,
        target or pair.target,
        lambda old: pair.old[old.path],
        lambda file, stream: made.update({file.path: stream.read()}),
        lambda old, new: kept.update({new.path: old.path}),
    )
    return made, kept


def refused(
    tmp_path: Path, pair: Pair, data: bytes, target: Manifest | None = None, kind: str = "delta"
) -> str:
    with pytest.raises(RefusedError) as caught:
        read(tmp_path, pair, data, target)
    assert caught.value.kind == kind, caught.value
    return str(caught.value)


def plain(content: bytes) -> bytes:
    return zstandard.compress(content)


def test_makes_what_changed_and_keeps_what_did_not(tmp_path: Path, pair: Pair) -> None:
    made, kept = read(tmp_path, pair, pair.delta)
    assert made | {new: pair.old[old] for new, old in kept.items()} == pair.new
    assert set(kept) == {"run", "lib/same.bin", "lib/moved.bin"}
    assert len(pair.delta) < 2_000  # of 1.1 MB, most of it in a file with another name


def test_the_head_brings_the_new_manifest(tmp_path: Path, pair: Pair) -> None:
    (tmp_path / "delta").write_bytes(pair.delta)
    head = read_head(tmp_path / "delta", pair.base)
    assert head.manifest == pair.target
    assert head.digest == pair.target.digest


def test_attack_wrong_base(tmp_path: Path, pair: Pair) -> None:
    other = dataclasses.replace(pair, base=dataclasses.replace(pair.base, version="0.9.0"))
    assert "does not start from phone 0.9.0" in refused(tmp_path, other, pair.delta)


def test_attack_wrong_target(tmp_path: Path, pair: Pair) -> None:
    other = dataclasses.replace(pair.target, version="1.0.2")
    assert "does not lead to phone 1.0.2" in refused(tmp_path, pair, pair.delta, other)


def test_attack_a_base_file_that_was_tampered_with(tmp_path: Path, pair: Pair) -> None:
    old = pair.old | {"lib/one.py": pair.old["lib/one.py"][:-1] + b"#"}
    said = refused(tmp_path, dataclasses.replace(pair, old=old), pair.delta)
    assert "lib/one.py of the release before is not as it was signed" in said


def test_attack_truncated_at_every_twentieth(tmp_path: Path, pair: Pair) -> None:
    for twentieth in range(20):
        refused(tmp_path, pair, pair.delta[: len(pair.delta) * twentieth // 20])
    for last in range(1, 9):
        refused(tmp_path, pair, pair.delta[:-last])


def test_attack_a_flipped_byte_anywhere(tmp_path: Path, pair: Pair) -> None:
    for place in range(0, len(pair.delta), 9):
        data = bytearray(pair.delta)
        data[place] ^= 0x55
        try:
            made, kept = read(tmp_path, pair, bytes(data))
        except RefusedError as error:
            assert error.kind in {"delta", "manifest"}, place  # noqa: PT017 - most are refused
        else:  # a bit that means nothing to zstd: what came out is right all the same
            assert made | {new: pair.old[old] for new, old in kept.items()} == pair.new


def test_attack_bytes_after_the_end(tmp_path: Path, pair: Pair) -> None:
    assert "more than its head names" in refused(tmp_path, pair, pair.delta + b"x")


@pytest.mark.parametrize("path", ["../out", "/etc/cron.d/x", "a/../../b", "a\\..\\b", "a//b", ""])
def test_attack_path_traversal(tmp_path: Path, pair: Pair, path: str) -> None:
    evil = with_file(pair.base, path, b"evil")
    data = forged(pair.base, evil, [([len(pair.base.files)], [], plain(b"evil"))])
    refused(tmp_path, pair, data, evil, kind="manifest")


def test_attack_a_symlink_has_no_way_to_be_said(tmp_path: Path, pair: Pair) -> None:
    """A file is made of bytes or kept by its hash; nothing in a delta makes a link."""
    evil = with_file(pair.base, "link", b"/etc/passwd")
    data = forged(pair.base, evil, [([len(pair.base.files)], [], plain(b"/etc/passwd"))])
    made, _kept = read(tmp_path, pair, data, evil)
    assert made == {"link": b"/etc/passwd"}
    linking = [[[6], [], 3], [[6], [], 3, "symlink"]]
    refused(tmp_path, pair, forged(pair.base, evil, [], {"parts": linking}), evil)


def test_attack_zip_bomb(tmp_path: Path, pair: Pair) -> None:
    """More comes out than the manifest's sizes: nothing beyond them is unfolded."""
    evil = with_file(pair.base, "zeros", bytes(1000))
    bomb = plain(bytes(2**26))
    data = forged(pair.base, evil, [([len(pair.base.files)], [], bomb)])
    assert "holds more" in refused(tmp_path, pair, data, evil)


def test_attack_a_head_that_expands_without_end(tmp_path: Path, pair: Pair) -> None:
    data = forged(pair.base, b"x" * (deltas.MOST_HEAD + 1), [])
    assert "expands to more" in refused(tmp_path, pair, data)
    huge = bytearray(pair.delta)
    huge[12:16] = (deltas.MOST_HEAD + 1).to_bytes(4, "big")
    assert "larger than any" in refused(tmp_path, pair, bytes(huge))


def test_attack_a_window_that_would_fill_the_memory(tmp_path: Path, pair: Pair) -> None:
    evil = with_file(pair.base, "zeros", bytes(1000))
    wide = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    frame = zstandard.ZstdCompressor(compression_params=wide).compress(bytes(2**27))
    refused(tmp_path, pair, forged(pair.base, evil, [([len(pair.base.files)], [], frame)]), evil)


def test_attack_a_part_that_would_take_all_memory(tmp_path: Path, pair: Pair) -> None:
    big = File("big", 0o755, 2**26, "b" * 64)
    base = dataclasses.replace(pair.base, files=(*pair.base.files, big))
    evil = with_file(base, "more", b"x")
    data = forged(base, evil, [([len(base.files)], [len(base.files) - 1], plain(b"x"))])
    said = refused(tmp_path, dataclasses.replace(pair, base=base), data, evil)
    assert "more memory" in said


@pytest.mark.parametrize(
    "parts",
    [
        [],  # the new file is missing
        [([0], [], b"x")],  # a file that the base has
        [([6], [], b"x"), ([6], [], b"x")],  # one file twice
        [([6], [99], b"x")],  # an old file that there is not
        [([7], [], b"x")],  # a new file that there is not
        [([-1], [], b"x")],
        [([True], [], b"x")],
        [([6.0], [], b"x")],
        [(["6"], [], b"x")],
    ],
)
def test_attack_a_plan_that_does_not_fit_the_manifests(
    tmp_path: Path, pair: Pair, parts: list[tuple[list[int], list[int], bytes]]
) -> None:
    evil = with_file(pair.base, "new", b"new")
    refused(tmp_path, pair, forged(pair.base, evil, parts), evil)


@pytest.mark.parametrize("plan", [{"parts": None}, {"parts": [1]}, {"parts": [[[6], []]]}])
def test_attack_a_plan_of_another_form(tmp_path: Path, pair: Pair, plan: dict[str, object]) -> None:
    evil = with_file(pair.base, "new", b"new")
    refused(tmp_path, pair, forged(pair.base, evil, [], plan), evil)


@pytest.mark.parametrize("junk", [b"", b"junk", b"CSD1", b"CSD2" + bytes(100)])
def test_no_delta_at_all(tmp_path: Path, pair: Pair, junk: bytes) -> None:
    refused(tmp_path, pair, junk)
