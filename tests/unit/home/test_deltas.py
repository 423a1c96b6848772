"""A delta is small, the same each time, and made from whatever is most alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import OperatorError
from home.deltas import Base, make_deltas
from tests.support.delta_world import NEW, OLD, lay_out, make_pair, noise
from tests.support.repository_simulator import manifest_of, pack_of


def size_of(tmp_path: Path, old: dict[str, bytes], new: dict[str, bytes]) -> int:
    return len(make_pair(tmp_path, {"run": b"x"} | old, {"run": b"x"} | new).delta)


def test_the_same_trees_give_the_same_bytes(tmp_path: Path) -> None:
    assert make_pair(tmp_path / "a").delta == make_pair(tmp_path / "b").delta


def test_nothing_changed_but_the_version_takes_a_few_bytes(tmp_path: Path) -> None:
    assert size_of(tmp_path, OLD, OLD) < 100


def test_a_moved_or_copied_file_is_not_sent(tmp_path: Path) -> None:
    data = noise(1, 100_000)
    assert size_of(tmp_path, {"a/x.bin": data}, {"b/y.bin": data, "c": data}) < 400


@pytest.mark.parametrize("name", ["lib/big-1.1.so", "other/big-1.0.so", "lib/big-1.0.so"])
def test_a_changed_file_is_made_from_the_old_one_of_a_like_name(tmp_path: Path, name: str) -> None:
    data = noise(2, 1_200_000)
    assert size_of(tmp_path, {"lib/big-1.0.so": data}, {name: b"head" + data}) < 400


def test_alike_changes_in_many_small_files_share_one_frame(tmp_path: Path) -> None:
    old = {f"m{i}.py": noise(i, 2000) for i in range(30)}
    shared = noise(99, 2000)
    new = {name: data + shared for name, data in old.items()}
    assert size_of(tmp_path, old, new) < 2 * 2000 + 30 * 60


def test_a_file_too_large_to_be_held_twice_is_sent_by_itself(tmp_path: Path) -> None:
    old = {"big": bytes(22 * 2**20)}
    assert size_of(tmp_path, old, {"big": bytes(22 * 2**20) + b"1"}) < 5_000


def test_a_delta_that_is_no_smaller_than_the_pack_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "pack").write_bytes(pack_of(OLD))
    lay_out(NEW, tmp_path / "tree")
    (tmp_path / "out").mkdir()
    base = Base(manifest_of("phone", "1.0.0", OLD), tmp_path / "pack")
    target = manifest_of("phone", "1.0.1", NEW)
    tree, out = tmp_path / "tree", tmp_path / "out"
    assert make_deltas(tree, target, [base], out, most=100, level=3) == []
    assert list(out.iterdir()) == []


def test_one_from_each_base_and_what_they_share_is_unpacked_once(tmp_path: Path) -> None:
    bases = []
    for number in range(3):
        files = OLD | {"run": b"#!/bin/sh\n# %d\n" % number}
        (tmp_path / f"pack{number}").write_bytes(pack_of(files))
        bases.append(Base(manifest_of("phone", f"1.0.{number}", files), tmp_path / f"pack{number}"))
    lay_out(NEW, tmp_path / "tree")
    (tmp_path / "out").mkdir()
    told: list[tuple[str, int, int]] = []
    made = make_deltas(
        tmp_path / "tree",
        manifest_of("phone", "1.1.0", NEW),
        bases,
        tmp_path / "out",
        most=10**6,
        level=3,
        told=lambda *how: told.append(how),
    )
    assert [delta.base.version for delta in made] == ["1.0.0", "1.0.1", "1.0.2"]
    assert [delta.path.stat().st_size for delta in made] == [delta.size for delta in made]
    assert {title for title, _done, _total in told} == {f"delta from 1.0.{n}" for n in range(3)}
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_a_tree_that_changed_meanwhile_is_told(tmp_path: Path) -> None:
    make_pair(tmp_path)
    (tmp_path / "tree" / "lib" / "one.py").write_bytes(b"changed")
    base = Base(manifest_of("phone", "1.0.0", OLD), tmp_path / "base.tar.zst")
    target = manifest_of("phone", "1.0.1", NEW)
    with pytest.raises(OperatorError, match="changed while it was packed"):
        make_deltas(tmp_path / "tree", target, [base], tmp_path / "out", most=10**6, level=3)


def test_a_damaged_pack_of_a_base_is_told(tmp_path: Path) -> None:
    make_pair(tmp_path)
    (tmp_path / "base.tar.zst").write_bytes(b"junk")
    base = Base(manifest_of("phone", "1.0.0", OLD), tmp_path / "base.tar.zst")
    target = manifest_of("phone", "1.0.1", NEW)
    with pytest.raises(OperatorError, match="not usable"):
        make_deltas(tmp_path / "tree", target, [base], tmp_path / "out", most=10**6, level=3)
