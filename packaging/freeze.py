"""Runs PyInstaller so that the same sources give the same bytes.

What would differ between two builds is held still: the seed of hashes, by which sets come out in
another order, and the date, which goes into every compiled module. What PyInstaller leaves
as a link, or with the owner's habits in its permissions, becomes a plain file with plain ones.
A spec that sets ``noarchive`` keeps modules in files of their own, so that a change of one of them
is a change of one small file, and its delta small.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The date is any fixed one; 2026-01-01.
STEADY = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": "1767225600"}


def freeze(spec: Path, name: str, work: Path, *arguments: str) -> Path:
    """Run PyInstaller; answers the built folder, below ``work``.

    Args:
        spec: the spec file; it collects into a folder called ``name``.
        name: of the program, and of the file that starts it.
        work: an empty folder on the disk on which the result will stay.
        arguments: what the spec reads from ``sys.argv``.

    Raises:
        subprocess.CalledProcessError: PyInstaller failed; its words are on stderr.
    """
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    command += ["--distpath", str(work / "dist"), "--workpath", str(work / "work")]
    command += [str(spec), "--", *arguments]
    environment = os.environ | STEADY | {"PYINSTALLER_CONFIG_DIR": str(work / "config")}
    done = subprocess.run(
        command, cwd=work, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stderr)
        done.check_returncode()
    built = work / "dist" / name
    _settle(built)
    return built


def _settle(folder: Path) -> None:
    """Plain files with plain permissions: a release has no links and no owner's habits."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and path.resolve().is_file():
            content = path.resolve()
            path.unlink()
            shutil.copyfile(content, path)
        if path.is_file():
            path.chmod(0o755 if path.parent == folder else 0o644)
