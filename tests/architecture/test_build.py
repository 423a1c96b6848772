"""A built package is whole, and says which commit it was made from."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.house import PACKAGES, ROOT, tracked

EPOCH = "1700000000"
WEB = ("appliance", "web")  # sources of the front ends: what they are built into is shipped
BUILT = "appliance/static/built"


def _run(*argv: str, cwd: Path) -> str:
    done = subprocess.run(
        argv,
        cwd=cwd,
        env=os.environ | {"SOURCE_DATE_EPOCH": EPOCH},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_a_built_package_holds_every_file_and_its_identity(tmp_path: Path) -> None:
    sources, out = tmp_path / "sources", tmp_path / "out"
    for name in tracked():
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, sources / name)
    _run("git", "init", "-q", cwd=sources)
    _run("git", "add", ".", cwd=sources)
    _run("git", "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "all",
         cwd=sources)  # fmt: skip
    commit = _run("git", "rev-parse", "HEAD", cwd=sources)
    _run(sys.executable, "-m", "pip", "wheel", "-q", "--no-index", "--no-deps",
         "--no-build-isolation", "-w", str(out), ".", cwd=sources)  # fmt: skip

    [wheel] = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as built:
        inside = set(built.namelist())
        identity = json.loads(built.read("common/build.json"))
        built.extractall(tmp_path / "installed")
    assert identity == {"commit": commit, "date": "2023-11-14T22:13:20Z"}
    shipped = {n for n in tracked() if n.parts[0] in PACKAGES and n.parts[:2] != WEB}
    assert {n.as_posix() for n in shipped} <= inside
    names = json.loads((tmp_path / "installed" / BUILT / "names.json").read_bytes())
    assert f"{BUILT}/{names['widget.js']}" in inside
    desk = json.loads((tmp_path / "installed" / BUILT / "desk" / "manifest.json").read_bytes())
    assert {f"{BUILT}/desk/{one['file']}" for one in desk.values()} <= inside
    assert not [name for name in inside if "node_modules" in name or name.endswith((".ts", ".vue"))]
    assert not (sources / "common" / "build.json").exists()
    told = _run(sys.executable, "-c", "from common.version import build; print(build())",
                cwd=tmp_path / "installed")  # fmt: skip
    assert told == f"0.1.0 (commit {commit[:12]}, 2023-11-14T22:13:20Z)"


def test_a_work_tree_says_that_it_is_one() -> None:
    told = _run(sys.executable, "-m", "common", "--version", cwd=ROOT)
    assert told == "callstead 0.1.0 (work tree)"
