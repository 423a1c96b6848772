from __future__ import annotations

import stat
from pathlib import Path

import pytest

from appliance.domain.roles import Role
from appliance.services.add_user import add_user
from appliance.services.create_first_administrator import create_first_administrator
from appliance.services.first_sign_in import FirstSignInFile
from appliance.services.record_sign_in import RecordSignIn
from appliance.services.reset_password import reset_password
from appliance.store.audit import SqlAudit
from appliance.store.users import SqlUsers
from common.errors import OperatorError
from common.web.rates import Rates
from tests.support.clock import FakeClock
from tests.support.migrated import migrated_database


class KilledError(BaseException):
    """The process ends here."""


def plain_hash(password: str) -> str:
    return f"hash of {password}"


def fits(hashed: str, password: str) -> bool:
    return hashed == plain_hash(password)


class House:
    def __init__(self, folder: Path) -> None:
        self.database = migrated_database(folder)
        self.users = SqlUsers(self.database, FakeClock())
        self.audit = SqlAudit(self.database, FakeClock())
        self.file = FirstSignInFile(folder)

    def create(self):
        return create_first_administrator(self.users, self.audit, self.file, plain_hash)

    def change(self, new: str) -> None:
        """As the sign-in pages do it."""
        self.users.set_password("admin", plain_hash(new), must_change=False)
        no_limit = Rates(lambda: 0, lambda: 0, FakeClock())
        note = RecordSignIn(self.users, self.audit, self.file, lambda _outcome: None, no_limit)
        note("password_changed", "Admin", "10.0.0.1")

    def reset(self, name: str) -> str:
        return reset_password(
            self.users, self.audit, self.file, plain_hash, name=name, who="command line"
        )


@pytest.fixture
def house(tmp_path):
    built = House(tmp_path)
    yield built
    built.database.close()


def test_an_empty_appliance_gets_one_administrator_who_must_change_the_password(house):
    first = house.create()
    (user,) = house.users.all()
    assert (user.name, user.role, user.must_change_password) == (
        "admin",
        Role.ADMINISTRATOR,
        True,
    )
    assert fits(user.password_hash, first.password)


def test_the_file_is_readable_by_its_owner_alone(house):
    house.create()
    assert stat.S_IMODE(house.file.path.stat().st_mode) == 0o600


def test_killed_before_the_account_the_next_start_begins_again(house, monkeypatch):
    def killed(*_arguments, **_options):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(house.users, "add", killed)
        with pytest.raises(KilledError):
            house.create()
    first = house.create()
    (user,) = house.users.all()
    assert fits(user.password_hash, first.password)


def test_killed_between_the_account_and_the_print_the_file_is_a_way_in(house, monkeypatch):
    def killed(*_arguments):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(house.audit, "record", killed)  # the first act after the commit
        with pytest.raises(KilledError):
            house.create()
    again = house.create()
    (user,) = house.users.all()
    assert fits(user.password_hash, again.password)
    assert again == house.file.read()


def test_a_changed_password_removes_the_file(house):
    house.create()
    house.change("correct horse battery")
    assert house.file.read() is None
    assert house.create() is None
    user = house.users.by_name("admin")
    assert not user.must_change_password


def test_killed_between_the_change_and_the_removal_the_next_start_removes_it(house):
    first = house.create()
    house.change("correct horse battery")
    house.file.write(first)
    assert house.create() is None
    assert house.file.read() is None


def test_a_reset_gives_a_new_password_and_makes_the_file_worthless(house):
    first = house.create()
    password = house.reset("Admin ")
    user = house.users.by_name("admin")
    assert fits(user.password_hash, password)
    assert not fits(user.password_hash, first.password)
    assert user.must_change_password
    assert house.file.read() is None


def test_a_reset_of_nobody_says_where_to_look(house):
    with pytest.raises(OperatorError, match="user list"):
        house.reset("nobody")


@pytest.mark.parametrize("name", ["", " ", "a b", "<script>", "x" * 65, "../etc"])
def test_a_name_that_is_none_is_refused(house, name):
    with pytest.raises(OperatorError, match="cannot be a sign-in name"):
        add_user(
            house.users, house.audit, plain_hash,
            name=name, display_name="", role=Role.AGENT, who="t",
        )  # fmt: skip


def test_a_name_is_one_name_however_it_is_typed(house):
    def add(name):
        return add_user(
            house.users, house.audit, plain_hash,
            name=name, display_name="李雷", role=Role.AGENT, who="t",
        )  # fmt: skip

    add("Li.Lei")
    with pytest.raises(OperatorError, match="already"):
        add("LI.LEI ")
    assert house.users.by_name("li.lei").must_change_password


def test_what_was_done_is_on_record(house):
    house.create()
    house.change("correct horse battery")
    assert [(e.who, e.what, e.address) for e in house.audit.latest(9)] == [
        ("admin", "user.password_changed", "10.0.0.1"),
        ("system", "user.added", ""),
    ]
