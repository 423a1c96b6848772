"""The first account and the file with its one-time password.

The file is written before the account, so that a kill between the two leaves a way in: either
there is no account yet and the next start begins again, or the file tells its password. Once the
password was changed the file is worthless and goes.
"""

from __future__ import annotations

from pathlib import Path

from common.atomic import fsync_folder, write_secret
from common.web.accounts import SqliteAccounts
from common.web.passwords import Passwords, one_time_password

NAME = "admin"
_FILE = "first-sign-in"


class FirstSignIn:
    """``<folder>/first-sign-in``: two lines, name and password, readable by its owner alone."""

    def __init__(self, folder: Path, accounts: SqliteAccounts, passwords: Passwords) -> None:
        self.path = folder / _FILE
        self._accounts = accounts
        self._passwords = passwords

    def ensure(self) -> None:
        """See to it that somebody can sign in; called at each start."""
        account = self._accounts.find(NAME)
        if account is None and self._accounts.names():
            self.remove()
            return
        if account is not None and not account.must_change:
            self.remove()  # killed between the change and the removal
            return
        written = self.password()
        if account and written and self._passwords.fits(account.password_hash, written):
            return
        password = one_time_password()
        write_secret(self.path, f"name: {NAME}\npassword: {password}\n".encode())
        hashed = self._passwords.hash(password)
        if account is None:
            self._accounts.add(NAME, hashed, must_change=True)
        else:
            self._accounts.set_password(NAME, hashed, must_change=True)

    def on_event(self, event: str, name: str, _address: str) -> None:
        """For `SignIn`: a changed password makes the file worthless."""
        if event == "password_changed" and name == NAME:
            self.remove()

    def password(self) -> str:
        """What the file says; empty without it."""
        try:
            lines = self.path.read_text(encoding="utf-8").split()
        except FileNotFoundError:
            return ""
        return lines[-1] if lines else ""

    def remove(self) -> None:
        """The password was changed."""
        if self.path.exists():
            self.path.unlink(missing_ok=True)
            fsync_folder(self.path.parent)
