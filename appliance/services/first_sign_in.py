"""The file that holds the first administrator's one-time password until it is changed."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from common.atomic import fsync_folder, write_secret

FILE = "first-sign-in"


@dataclass(frozen=True)
class FirstSignIn:
    """A name and the one-time password that opens its account."""

    name: str
    password: str


class FirstSignInFile:
    """``<data_dir>/first-sign-in``, readable by its owner alone: two lines, name and password."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def write(self, first: FirstSignIn) -> None:
        """Durable when it returns."""
        write_secret(self.path, f"name: {first.name}\npassword: {first.password}\n".encode())

    def read(self) -> FirstSignIn | None:
        """What is in it, or None."""
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return None
        values = dict(line.split(": ", 1) for line in lines if ": " in line)
        if not {"name", "password"} <= values.keys():
            return None
        return FirstSignIn(values["name"], values["password"])

    def remove(self, name: str) -> None:
        """Remove it if it is about ``name``."""
        first = self.read()
        if first is not None and first.name == name:
            with contextlib.suppress(FileNotFoundError):
                self.path.unlink()
            fsync_folder(self.path.parent)
