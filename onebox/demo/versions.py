"""Which versions this telling of the story uses: a channel only ever moves forward."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.version import Version

from onebox.calls import command
from onebox.layout import Layout
from onebox.prepare import PRODUCT

# The sources under packaging/companion by what they are in the story.
FAULTY_SOURCE, FIXED_SOURCE, BROKEN_SOURCE = "1.0.0", "1.0.1", "1.0.2"


@dataclass(frozen=True)
class Versions:
    """The faulty one that runs at the start, its fix, the one that cannot start, a forged one."""

    faulty: str
    fixed: str
    broken: str
    forged: str
    retold: bool


def choose(layout: Layout) -> Versions:  # noqa: ARG001 - the folder is in the environment
    """1.0.x on a fresh site; the next minor series when the story was told here before."""
    releases = command("home", "status")["products"][PRODUCT]["versions"]
    newest = max(Version(version) for version in releases)
    if newest == Version(FAULTY_SOURCE):
        return _series(1, 0, retold=False)
    return _series(newest.major, newest.minor + 1, retold=True)


def _series(major: int, minor: int, *, retold: bool) -> Versions:
    faulty, fixed, broken, forged = (f"{major}.{minor}.{patch}" for patch in range(4))
    return Versions(faulty, fixed, broken, forged, retold)
