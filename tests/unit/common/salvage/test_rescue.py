from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from common.salvage import Rescued, finish, rescue, trouble
from common.salvage.check import remember_roots, roots_file
from common.salvage.pages import Pages
from tests.support.kills import Killed, killed_at, no_power_cut
from tests.unit.common.salvage.ground import content, fill, flip, steps

PAGE = 4096
__all__ = ["no_power_cut"]


def nothing_more(_connection: sqlite3.Connection, _found: Rescued) -> None:
    """No further mending."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "a.db"
    fill(path)
    remember_roots(path)
    return path


@pytest.fixture
def copy(whole: Path, tmp_path: Path):
    def made() -> Path:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        shutil.copytree(whole.parent, folder)
        return folder / whole.name

    return made


def rows_on(path: Path, page: int) -> int:
    """How many rows a page holds, or a part of."""
    pages = Pages(path)
    try:
        if pages.kind(page) in (0x0D, 0x0A, 0x02):
            return len(pages.cells(page, pages.kind(page))[0]) + 1
        return 1  # the rest of a long row
    finally:
        pages.close()


def test_a_sound_file_comes_over_whole(copy, whole):
    path = copy()
    assert trouble(path, steps(), 60) is None
    found = rescue(path, steps(), nothing_more)
    assert content(path) == content(whole)
    assert (found.lost, found.torn) == ({}, {})
    assert content(found.kept_as) == content(whole)


@pytest.mark.parametrize("seed", range(4))
def test_of_a_flipped_byte_anywhere_no_more_than_its_page_is_lost(copy, whole, seed):
    chance = random.Random(seed)
    before = content(whole)
    places = [
        page * PAGE + chance.choice([chance.randrange(12), chance.randrange(PAGE)])
        for page in chance.sample(range(whole.stat().st_size // PAGE), 12)
    ]
    for place in [*places, chance.randrange(100), chance.randrange(100, PAGE)]:
        path = copy()
        flip(path, place, chance.randrange(256))
        rescue(path, steps(), nothing_more)
        after = content(path)
        assert trouble(path, steps(), 60) is None, place
        lost = sum(len(before[table] - after[table]) for table in before)
        assert lost <= rows_on(whole, place // PAGE + 1), (place, lost)
        assert sum(bool(before[table] - after[table]) for table in before) <= 1, place


def test_a_page_of_zeros_in_the_middle_of_a_tree_costs_no_row_below_it(copy, whole):
    path = copy()
    pages = Pages(path)
    inner = next(n for n in range(2, pages.count + 1) if pages.kind(n) == 0x05)
    pages.close()
    data = bytearray(path.read_bytes())
    data[(inner - 1) * PAGE : inner * PAGE] = bytes(PAGE)
    path.write_bytes(data)
    assert trouble(path, steps(), 60)
    found = rescue(path, steps(), nothing_more)
    assert content(path) == content(whole)
    assert list(found.lost) == ["bodies"]


def test_without_its_first_page_and_with_the_note_of_the_roots_only_that_is_lost(copy, whole):
    path = copy()
    data = path.read_bytes()
    path.write_bytes(os.urandom(PAGE) + data[PAGE:])
    assert trouble(path, steps(), 60) == "the head of the file has changed"
    rescue(path, steps(), nothing_more)
    assert content(path) == content(whole)


def test_a_damaged_note_of_the_roots_is_not_believed(copy, whole):
    path = copy()
    note = roots_file(path)
    note.write_bytes(note.read_bytes().replace(b'"bodies": ', b'"bodies": 1'))
    rescue(path, steps(), nothing_more)
    assert content(path) == content(whole)


@pytest.mark.parametrize("place", [16, 18, 19, 20, 21, 47, 55, 59, 67, 72])
def test_a_changed_head_is_noticed(copy, place):
    path = copy()
    flip(path, place)
    assert trouble(path, steps(), 60) == "the head of the file has changed"


def test_a_changed_name_in_the_schema_is_noticed(copy):
    path = copy()
    flip(path, path.read_bytes().index(b"tablehourshours") + 5)
    assert trouble(path, steps(), 60)


def test_a_row_whose_end_is_missing_is_filled_and_named(copy):
    path = copy()
    pages = Pages(path)
    trailing = next(n for n in range(pages.count, 1, -1) if pages.kind(n) == 0 and pages.page(n)[4])
    pages.close()
    flip(path, (trailing - 1) * PAGE + 1, 0x7F)  # the number of the page that follows
    found = rescue(path, steps(), nothing_more)
    assert [len(rows) for rows in found.torn.values()] == [1]


def test_a_kill_at_any_touch_of_the_disk_leaves_the_old_or_the_new(copy, whole, no_power_cut):
    step = 0
    while True:
        step += 1
        path = copy()
        with killed_at(step) as touches, contextlib.suppress(Killed):
            rescue(path, steps(), nothing_more)
        finish(path)
        assert content(path) == content(whole), step
        assert not path.with_name("a.db.mended").exists()
        if touches[0] < step:
            assert step > 2
            return


def test_no_room_for_the_fresh_file_leaves_the_damaged_one_as_it_was(copy, whole):
    path = copy()

    def full(connection: sqlite3.Connection, _found: Rescued) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(sqlite3.OperationalError):
        rescue(path, steps(), full)
    assert path.read_bytes() == whole.read_bytes()
    assert sorted(p.name for p in path.parent.iterdir()) == ["a.db", "a.db-roots"]
