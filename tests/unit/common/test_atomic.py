from __future__ import annotations

import fcntl
import os
import random

import pytest

from common import atomic
from common.backoff import Backoff
from common.clock import parse_stamp, stamp


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path, monkeypatch):
    path = tmp_path / "x.json"
    atomic.write_bytes(path, b"old")

    def fail(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        atomic.write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_read_only_file_is_flushed_also_where_only_writers_may(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic, "_FLUSHES_WHAT_IS_READ", False)
    file = tmp_path / "slot" / "run"
    file.parent.mkdir()
    file.write_bytes(b"x")
    file.chmod(0o444)
    flushed = []

    def flush(descriptor):
        flushed.append(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE)

    monkeypatch.setattr(os, "fsync", flush)
    atomic.fsync_tree(tmp_path / "slot")
    assert flushed[0] == os.O_RDWR
    assert file.stat().st_mode & 0o777 == 0o444


def test_a_secret_is_readable_by_its_owner_alone(tmp_path):
    atomic.write_secret(tmp_path / "k", b"x")
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600


def test_parts_of_a_killed_write_are_swept(tmp_path):
    (tmp_path / ".x.json.abc.part").touch()
    (tmp_path / "x.json").touch()
    atomic.sweep_parts(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]


def test_delays_grow_to_their_bound_and_never_fall_below_half_of_it():
    backoff, rng = Backoff(first=1, most=8), random.Random(1)
    for failures, bound in ((1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (10_000, 8)):
        for _ in range(20):
            assert bound / 2 <= backoff.delay(failures, rng) <= bound


def test_a_stamp_reads_back_and_sorts_as_time_does():
    early, late = "2026-11-21T05:37:35.123Z", "2026-11-21T05:37:35.124Z"
    assert stamp(parse_stamp(early)) == early < late
