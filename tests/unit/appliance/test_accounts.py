from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from appliance.domain.roles import Role
from appliance.store.accounts import SqlAccounts
from appliance.store.users import SqlUsers
from common.web.accounts import Accounts, LockRule
from tests.support.clock import FakeClock
from tests.support.migrated import migrated_database

TRIES = 3
RULE = LockRule(free=TRIES - 1, first=timedelta(seconds=30), longest=timedelta(minutes=10))


class House:
    def __init__(self, folder):
        self.clock = FakeClock()
        self.database = migrated_database(folder)
        self.users = SqlUsers(self.database, self.clock)
        self.accounts: Accounts = SqlAccounts(self.database, self.users)
        self.users.add("admin", "A", Role.ADMINISTRATOR, "hash", only_first=False)

    def attempt(self, subject="name:admin"):
        return self.accounts.attempt(subject, RULE, self.clock.now())


@pytest.fixture
def house(tmp_path):
    built = House(tmp_path)
    yield built
    built.database.close()


def test_locks_grow_and_end(house):
    now = house.clock.now()
    assert [house.attempt() for _ in range(3)] == [None, None, None]
    assert house.attempt() == now + timedelta(seconds=30)
    house.clock.advance(31)
    assert house.attempt() is None
    assert house.attempt() == house.clock.now() + timedelta(seconds=60)
    assert house.users.locked_until() == {"admin": house.clock.now() + timedelta(seconds=60)}
    house.clock.advance(61)
    assert house.users.locked_until() == {}


def test_a_locked_try_costs_nothing_more(house):
    for _ in range(3):
        house.attempt()
    until = house.attempt()
    assert [house.attempt() for _ in range(20)] == [until] * 20


def test_however_the_name_is_typed_its_wrong_passwords_add_up(house):
    for subject in ("name:admin", "name: ADMIN", "name:ａｄｍｉｎ"):  # the last is full width
        assert house.attempt(subject) is None
    assert house.attempt("name:Admin") is not None
    assert house.accounts.find(" Admin").name == "admin"


def test_the_right_password_forgives(house):
    for _ in range(2):
        house.attempt()
    house.accounts.forgive("name:ADMIN")
    assert [house.attempt() for _ in range(3)] == [None, None, None]


def test_a_day_of_quiet_forgets(house):
    for _ in range(3):
        house.attempt()
    house.clock.advance(days=1, seconds=1)
    assert [house.attempt() for _ in range(3)] == [None, None, None]


def test_guesses_sent_at_once_are_all_counted(house):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(house.attempt("address:10.0.0.9")))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(None) == TRIES


def test_a_new_password_ends_sessions_and_locks(house):
    for _ in range(4):
        house.attempt()
    before = house.accounts.find("admin").generation
    house.accounts.set_password("admin", "new", must_change=False)
    after = house.accounts.find("admin")
    assert (after.generation, after.must_change, after.password_hash) == (before + 1, False, "new")
    assert house.attempt() is None


def test_ending_sessions_keeps_the_password(house):
    before = house.accounts.find("admin")
    house.accounts.end_sessions("admin")
    after = house.accounts.find("admin")
    assert after.generation == before.generation + 1
    assert after.password_hash == before.password_hash


def test_a_stranger_s_endless_name_is_no_trouble(house):
    assert house.attempt("name:" + "x" * 100_000) is None
    assert house.accounts.find("x" * 100_000) is None
