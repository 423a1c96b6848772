"""What only code can do at build time; everything else stands in pyproject.toml.

A built package carries its identity in ``common/build.json``: which commit it was made from, and
when. The file exists inside the built package alone, never in the work tree. The web front ends
(the desk, the consoles) will be built into the package here too, as a further step of `BuildPy`.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
IDENTITY = Path("common", "build.json")


def _git(*arguments: str) -> str:
    """What git says about this work tree; empty when there is no git or no work tree."""
    try:
        done = subprocess.run(
            ["git", "-c", f"safe.directory={HERE}", *arguments],
            cwd=HERE,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _identity() -> dict[str, str]:
    """The commit (with ``+changes`` when files differ from it) and the date in UTC.

    The date is SOURCE_DATE_EPOCH's, else the commit's, so that the same sources give the same
    bytes; only without both it is now.
    """
    commit = _git("rev-parse", "HEAD")
    if commit and _git("status", "--porcelain", "--untracked-files=no"):
        commit += "+changes"
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct")
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(float(seconds or time.time())))
    return {"commit": commit or "unknown", "date": date}


def _write_identity(tree: str) -> None:
    target = Path(tree) / IDENTITY
    # Built from a source package: it brought its identity along, and there is no git to ask.
    if (HERE / IDENTITY).exists():
        text = (HERE / IDENTITY).read_text("utf-8")
    else:
        text = json.dumps(_identity()) + "\n"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")


class BuildPy(build_py):
    """Adds the identity to what is built; an editable install stays a work tree."""

    def run(self) -> None:
        """Build, then write ``common/build.json`` beside the built modules."""
        super().run()
        if not self.editable_mode:
            _write_identity(self.build_lib)


class Sdist(sdist):
    """Adds the identity to a source package."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Copy the sources, then write ``common/build.json`` among them."""
        super().make_release_tree(base_dir, files)
        _write_identity(base_dir)


setup(cmdclass={"build_py": BuildPy, "sdist": Sdist})
