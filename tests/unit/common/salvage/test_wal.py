from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from common.database import connect
from common.salvage import repair
from common.salvage.wal import frames, log_of
from tests.unit.common.salvage.ground import flip

ROWS = 20
HEADER, FRAME = 32, 4096 + 24


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as a SIGKILL leaves it: all that was committed is in its log."""
    folder = tmp_path_factory.mktemp("running")
    with contextlib.closing(connect(folder / "a.db")) as db:
        db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)")
        for number in range(ROWS):
            db.execute("INSERT INTO t (body) VALUES (?)", (random.Random(number).randbytes(3000),))
        shutil.copytree(folder, folder.parent / "killed", dirs_exist_ok=True)
    (folder.parent / "killed" / "a.db-shm").unlink()
    return folder.parent / "killed" / "a.db"


@pytest.fixture
def copy(killed: Path, tmp_path: Path) -> Path:
    shutil.copytree(killed.parent, tmp_path / "copy")
    return tmp_path / "copy" / "a.db"


def bodies(path: Path) -> list[bytes]:
    with contextlib.closing(sqlite3.connect(path)) as db:
        return [row[0] for row in db.execute("SELECT body FROM t ORDER BY id")]


def test_without_repair_a_flipped_byte_loses_what_was_committed_behind_it(copy):
    flip(log_of(copy), HEADER + 8 * FRAME + 700)
    assert len(bodies(copy)) < ROWS


@pytest.mark.parametrize(
    "place",
    [
        *(HEADER + 5 * FRAME + inside for inside in (0, 2, 5, 9, 15, 17, 22, 24, 800, 4117)),
        *range(0, 32, 3),
    ],
)
def test_a_flipped_byte_is_put_right_exactly(copy, killed, place):
    flip(log_of(copy), place)
    assert repair(copy) == 1
    assert log_of(copy).read_bytes() == log_of(killed).read_bytes()


@pytest.mark.parametrize("seed", range(6))
def test_wherever_it_is_nothing_behind_it_is_lost(copy, seed):
    chance = random.Random(seed)
    place = chance.randrange(log_of(copy).stat().st_size)
    flip(log_of(copy), place, chance.randrange(256))
    repair(copy)
    right = [random.Random(number).randbytes(3000) for number in range(ROWS)]
    found = bodies(copy)
    assert len(found) == ROWS
    assert sum(a != b for a, b in zip(found, right, strict=True)) <= 1


def test_a_torn_end_is_left_alone(copy):
    log = log_of(copy)
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size - 1000)
    before = log.read_bytes()
    assert repair(copy) == 0
    assert log.read_bytes() == before


def test_what_an_older_run_of_the_log_left_is_no_damage(tmp_path):
    path = tmp_path / "a.db"
    with contextlib.closing(connect(path)) as db:
        db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)")
        for _ in range(6):
            db.execute("INSERT INTO t (body) VALUES (randomblob(3000))")
        db.execute("PRAGMA wal_checkpoint(RESTART)")
        db.execute("INSERT INTO t (body) VALUES (randomblob(3000))")
        before = log_of(path).read_bytes()
        assert len(list(frames(log_of(path), 4096))) < (len(before) - HEADER) // FRAME
        assert repair(path) == 0
        assert log_of(path).read_bytes() == before
