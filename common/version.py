"""Which build this is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

from common import __version__


@dataclass(frozen=True)
class Build:
    """The identity that `setup.py` writes into a built package.

    Attributes:
        version: of the package.
        commit: of the sources, with ``+changes`` when they differed from it; "" in a work tree.
        date: of the sources, UTC; "" in a work tree.
    """

    version: str
    commit: str = ""
    date: str = ""

    def __str__(self) -> str:
        """For people: ``0.1.0 (commit 1a2b3c4d5e6f, 2026-01-02T03:04:05Z)``."""
        if not self.commit:
            return f"{self.version} (work tree)"
        commit, _, changes = self.commit.partition("+")
        return f"{self.version} (commit {commit[:12]}{' + changes' * bool(changes)}, {self.date})"


def build() -> Build:
    """The identity of the installed package."""
    record = files("common").joinpath("build.json")
    if not record.is_file():
        return Build(__version__)
    return Build(__version__, **json.loads(record.read_text("utf-8")))
