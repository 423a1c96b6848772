"""The record of who did what, on each database: chained, and only ever added to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from appliance.domain.audit import FIRST, Wanted, verify
from appliance.store.audit import SqlAudit
from appliance.store.database import Database
from tests.support.clock import FakeClock


@pytest.fixture
def audit(database: Database) -> SqlAudit:
    return SqlAudit(database, FakeClock())


def test_lines_of_many_threads_are_one_chain_without_gaps(audit: SqlAudit):
    before = verify(audit.everything()).lines
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: audit.record("anna", "queue.set", f"队列 {n}"), range(40)))
    found = verify(audit.everything())
    assert (found.lines, found.broken) == (before + 40, None)
    newest = audit.latest(2)
    assert [line.number for line in newest] == [before + 40, before + 39]
    assert newest[0].hash == found.head
    assert audit.latest(1, before=before + 40)[0].number == before + 39


@pytest.mark.parametrize(
    "sql",
    [
        "update audit set who = 'nobody' where id = 1",
        "delete from audit where id = 1",
        "delete from audit",
    ],
)
def test_the_database_refuses_to_change_or_remove_a_line(audit: SqlAudit, database, sql):
    audit.record("anna", "queue.set", "sales")
    before = list(audit.everything())
    with pytest.raises(DBAPIError, match="only ever added to"), database.write() as session:
        session.execute(text(sql))
    assert list(audit.everything()) == before


@pytest.mark.parametrize("change", ["who", "what", "subject", "address"])
def test_a_changed_word_breaks_the_chain_at_its_line(audit: SqlAudit, change):
    for number in range(4):
        audit.record("anna", "queue.set", str(number), "10.0.0.1")
    lines = list(audit.everything())
    at = len(lines) - 2
    lines[at] = replace(lines[at], **{change: "other"})
    assert verify(lines).broken == at + 1


def test_a_line_left_out_or_put_in_between_breaks_the_chain(audit: SqlAudit):
    for number in range(4):
        audit.record("anna", "queue.set", str(number))
    lines = list(audit.everything())
    at = len(lines) - 2
    assert verify(lines[:at] + lines[at + 1 :]).broken == at + 1
    assert verify([*lines[:at], lines[at], *lines[at:]]).broken == at + 2


def test_an_empty_record_holds():
    assert (verify([]).lines, verify([]).head) == (0, FIRST)


def test_lines_are_found_by_who_what_and_when(database):
    clock = FakeClock()
    audit = SqlAudit(database, clock)
    before = clock.now()
    audit.record("Li_Na", "findme.set", "one")
    clock.advance(60)
    later = clock.now()
    audit.record("bo", "findme.removed", "two")

    def found(**wanted: Any) -> list[str]:
        return [one.subject for one in audit.latest(9, 0, Wanted(**wanted)) if "findme" in one.what]

    assert found(what="findme.") == ["two", "one"]
    assert found(who="li_n", what="findme.") == ["one"]
    assert found(who="LiXNa", what="findme.") == []
    assert found(what="findme.set", since=before, until=later) == ["one"]
    assert found(what="findme.", since=later) == ["two"]
    assert found(what="%") == []
