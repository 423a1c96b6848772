from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.errors import OperatorError
from common.trust.pack import read_pack
from common.wire.release import Manifest, read_manifest
from home.pack import pack
from tests.support.clock import FakeClock

DRAFT = Manifest("phone", "1.0.0", "linux-x86_64", ("run", "--x"), ())


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "program"
    (folder / "_internal" / ("deep" * 30)).mkdir(parents=True)
    (folder / "run").write_bytes(b"#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    (folder / "_internal" / "lib.so").write_bytes(bytes(100_000))
    (folder / "_internal" / "lib.so.1").symlink_to("lib.so")
    (folder / "_internal" / ("deep" * 30) / "ü.txt").write_text("x")
    (folder / "empty").write_bytes(b"")
    return folder


def test_the_pack_holds_what_its_manifest_says(
    program: Path, tmp_path: Path, clock: FakeClock
) -> None:
    packed = pack(program, DRAFT, tmp_path / "out", level=3, clock=clock)
    manifest = read_manifest(json.loads((tmp_path / "out" / "manifest.json").read_bytes()))
    assert manifest == packed.manifest
    got: dict[str, bytes] = {}
    read_pack(
        tmp_path / "out" / "full.tar.zst",
        manifest,
        lambda file, stream: got.update({file.path: stream.read()}),
    )
    assert got["run"] == b"#!/bin/sh\n"
    assert got["_internal/lib.so.1"] == got["_internal/lib.so"] == bytes(100_000)
    assert {f.path: f.mode for f in manifest.files}["run"] == 0o755
    assert {f.path: f.mode for f in manifest.files}["empty"] == 0o644
    assert len(got) == 5


def test_the_same_folder_gives_the_same_bytes(
    program: Path, tmp_path: Path, clock: FakeClock
) -> None:
    pack(program, DRAFT, tmp_path / "a", level=3, clock=clock)
    clock.advance(days=1)
    (program / "run").touch()
    pack(program, DRAFT, tmp_path / "b", level=3, clock=clock)
    name = "full.tar.zst"
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_source_date_epoch_makes_the_manifest_the_same_too(
    program: Path, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    first = pack(program, DRAFT, tmp_path / "a", level=3, clock=clock)
    clock.advance(days=1)
    assert pack(program, DRAFT, tmp_path / "b", level=3, clock=clock) == first


def test_tells_how_far_it_is(program: Path, tmp_path: Path, clock: FakeClock) -> None:
    told: list[tuple[int, int]] = []
    pack(
        program,
        DRAFT,
        tmp_path / "out",
        level=3,
        clock=clock,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (200_011, 200_011)
    assert told == sorted(told)


def test_a_link_out_of_the_folder_is_refused(
    program: Path, tmp_path: Path, clock: FakeClock
) -> None:
    (program / "passwd").symlink_to("/etc/passwd")
    with pytest.raises(OperatorError, match="links out of the folder"):
        pack(program, DRAFT, tmp_path / "out", level=3, clock=clock)


def test_a_link_to_a_folder_is_refused(program: Path, tmp_path: Path, clock: FakeClock) -> None:
    (program / "more").symlink_to("_internal")
    with pytest.raises(OperatorError, match="link to a folder"):
        pack(program, DRAFT, tmp_path / "out", level=3, clock=clock)


@pytest.mark.parametrize(
    ("draft", "word"),
    [
        (Manifest("phone", "1.0.0", "linux-x86_64", ("walk",), ()), "starts a file"),
        (Manifest("phone", "one", "linux-x86_64", ("run",), ()), "Invalid version"),
        (Manifest("Phone!", "1.0.0", "linux-x86_64", ("run",), ()), "not a name"),
        (Manifest("phone", "1.0.0", "../x", ("run",), ()), "not a name"),
    ],
)
def test_unfit_arguments_are_named_and_leave_no_pack(
    program: Path, tmp_path: Path, clock: FakeClock, draft: Manifest, word: str
) -> None:
    with pytest.raises(OperatorError, match=word):
        pack(program, draft, tmp_path / "out", level=3, clock=clock)
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_nothing_to_pack(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(OperatorError, match="is empty"):
        pack(tmp_path / "empty", DRAFT, tmp_path / "out", level=3, clock=clock)
    with pytest.raises(OperatorError, match="is not a folder"):
        pack(tmp_path / "none", DRAFT, tmp_path / "out", level=3, clock=clock)
