from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from comm_server.digest import digest_some
from common.salvage.pages import Pages
from tests.support.damage import (
    PAGE,
    Ground,
    again,
    clock,
    copy_of,
    digest_all,
    live_on,
    places,
    started,
)
from tests.support.waiting import until


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(tmp_path_factory.mktemp("ground") / "site")


@pytest.mark.parametrize("seed", range(3))
def test_of_a_flipped_byte_only_its_page_is_lost_and_nothing_stops(ground, tmp_path, seed):
    places(ground, tmp_path, seed, 6)


def zeroed(ground: Ground, folder: Path, table: str) -> tuple[set[str], bytes, list[str], int]:
    """The page where a table begins is zeros."""
    database = copy_of(ground.folder, folder)
    db = sqlite3.connect(database)
    [root] = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    db.close()
    data = bytearray(database.read_bytes())
    data[(root - 1) * PAGE : root * PAGE] = bytes(PAGE)
    database.write_bytes(data)
    return live_on(folder, ground.vendor)


@pytest.mark.parametrize("table", ["bundles", "facts", "problems", "dsns", "tallies", "alarms"])
def test_a_lost_page_of_other_tables_loses_no_report_and_no_number(ground, tmp_path, table):
    names, raw, alarms, last = zeroed(ground, tmp_path / "copy", table)
    assert {n for n in ground.waiting - names if n.encode() not in raw} == set()
    assert "database_mended" in alarms
    assert last > ground.highest


def test_the_keys_of_programs_are_found_again(ground, tmp_path):
    with started(copy_of(ground.folder, tmp_path / "a").parents[1], clock()) as parts:
        before = parts.store.rows("SELECT id, key, program, machine FROM dsns ORDER BY id")
    zeroed(ground, tmp_path / "copy", "dsns")
    with started(tmp_path / "copy", clock()) as parts:
        after = parts.store.rows("SELECT id, key, program, machine FROM dsns ORDER BY id")
    assert [row for row in after if row["program"] == "companion"] == before


def test_a_problem_is_found_again_with_its_name_and_count(ground, tmp_path):
    sql = "SELECT fingerprint, program, title, count FROM problems ORDER BY fingerprint"
    with started(copy_of(ground.folder, tmp_path / "a").parents[1], clock()) as parts:
        digest_all(parts)
        before = parts.store.rows(sql)
    zeroed(ground, tmp_path / "copy", "problems")
    with started(tmp_path / "copy", clock()) as parts:
        after = {row["fingerprint"]: row for row in parts.store.rows(sql)}
    for row in before:
        assert after[row["fingerprint"]]["title"] == row["title"]


def test_a_report_whose_bytes_changed_goes_home_raw_and_stops_nothing(ground, tmp_path):
    database = copy_of(ground.folder, tmp_path / "copy")
    number = f"{105:032x}".encode()
    data = database.read_bytes()
    place = data.index(number)
    database.write_bytes(data[:place] + b"g" + data[place + 1 :])
    names, raw, _alarms, _last = live_on(tmp_path / "copy", ground.vendor)
    assert ground.waiting - names == {number.decode()}
    assert b"g" + number[1:] in raw


def test_damage_while_it_runs_is_mended_and_the_next_report_is_taken(ground, tmp_path):
    database = copy_of(ground.folder, tmp_path / "copy")
    with started(tmp_path / "copy", clock()) as parts:
        pages = Pages(database)
        root = parts.store.value("SELECT rootpage FROM sqlite_master WHERE name = 'raw'")
        assert pages.kind(root) == 0x05
        pages.close()
        parts.store.value("PRAGMA wal_checkpoint(TRUNCATE)")
        with database.open("r+b") as file:
            file.seek((root - 1) * PAGE)
            file.write(bytes(PAGE))
        fresh = sqlite3.connect(database)  # what the server's own connections hold is still whole
        fresh.close()
        parts.mender.look(parts.store)
        until(lambda: len(list(tmp_path.glob("copy/comm/*.damaged-*"))) > 0, 60, "the mending")
        assert again(lambda: digest_some(parts.store, parts.settings.current.intake)) == 30
        assert parts.store.value("SELECT count(*) FROM alarms WHERE kind = 'database_mended'") == 1


def test_a_damaged_frozen_mail_is_not_sent_and_what_it_told_goes_again(ground, tmp_path):
    database = copy_of(ground.folder, tmp_path / "copy")
    db = sqlite3.connect(database)
    [sequence, mail] = db.execute(
        "SELECT sequence, mail FROM bundles WHERE state <> 'delivered'"
    ).fetchone()
    changed = mail[:3000] + bytes([mail[3000] ^ 1]) + mail[3001:]
    db.execute("UPDATE bundles SET mail = ? WHERE sequence = ?", (changed, sequence))
    db.commit()
    db.close()
    names, _raw, alarms, last = live_on(tmp_path / "copy", ground.vendor)
    assert names >= ground.waiting
    assert "bundle_damaged" in alarms
    assert last > sequence
