from __future__ import annotations

import stat
from pathlib import Path

import pytest

from common.web import first_sign_in
from common.web.accounts import SqliteAccounts
from common.web.first_sign_in import FirstSignIn
from tests.support.site import CHEAP, TestSite


@pytest.fixture
def first(site: TestSite) -> FirstSignIn:
    return FirstSignIn(site.parts.folder, SqliteAccounts(site.store), CHEAP)


def opens(site: TestSite, password: str) -> bool:
    account = SqliteAccounts(site.store).find("admin")
    return account is not None and CHEAP.fits(account.password_hash, password)


def test_a_fresh_site_has_an_account_and_its_password_in_a_private_file(
    site: TestSite, first: FirstSignIn
):
    first.ensure()
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    last = first.path.read_text("utf-8").strip().splitlines()[-1]
    assert opens(site, last.removeprefix("password: "))


def test_a_second_start_changes_nothing(site: TestSite, first: FirstSignIn):
    first.ensure()
    written = first.path.read_text("utf-8")
    first.ensure()
    assert first.path.read_text("utf-8") == written


class KilledError(BaseException):
    """As SIGKILL: nothing on the way may catch it."""


@pytest.mark.parametrize("before", ["write_secret", "add", "hash"])
def test_a_kill_anywhere_leaves_a_way_in(
    site: TestSite, first: FirstSignIn, monkeypatch: pytest.MonkeyPatch, before: str
):
    def killed(*_arguments: object, **_named: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        if before == "write_secret":
            patch.setattr(first_sign_in, "write_secret", killed)
        elif before == "add":
            patch.setattr(first._accounts, "add", killed)
        else:
            patch.setattr(first._passwords, "hash", killed)
        with pytest.raises(KilledError):
            first.ensure()
    first.ensure()
    assert opens(site, first.password())


def test_a_kill_after_the_account_leaves_the_file(site: TestSite, first: FirstSignIn):
    first.ensure()  # the file was written before the account
    assert opens(site, first.password())


@pytest.mark.parametrize("content", [None, "", "name: admin\npassword: another-one\n"])
def test_a_lost_or_stale_file_is_made_anew(site: TestSite, first: FirstSignIn, content: str | None):
    first.ensure()
    if content is None:
        first.path.unlink()
    else:
        first.path.write_text(content, encoding="utf-8")
    first.ensure()
    assert opens(site, first.password())
    account = SqliteAccounts(site.store).find("admin")
    assert account is not None
    assert account.must_change


def test_the_file_goes_when_the_password_was_changed(site: TestSite, first: FirstSignIn):
    """Also when a kill came between the change and the removal."""
    first.ensure()
    SqliteAccounts(site.store).set_password("admin", CHEAP.hash("my own"), must_change=False)
    first.ensure()
    assert not first.path.exists()
    assert opens(site, "my own")


def test_a_site_with_other_people_gets_no_new_account(site: TestSite, first: FirstSignIn):
    accounts = SqliteAccounts(site.store)
    accounts.add("li", CHEAP.hash("x"), must_change=False)
    first.ensure()
    assert accounts.names() == ["li"]
    assert not first.path.exists()


def test_the_file_is_removed_by_the_change_itself(site: TestSite, tmp_path: Path):
    from tests.web.comm_server.browser import Browser

    browser = Browser(site)
    path = site.parts.folder / "first-sign-in"
    assert path.exists()
    browser.sign_in_first()
    assert not path.exists()
    assert tmp_path in path.parents
