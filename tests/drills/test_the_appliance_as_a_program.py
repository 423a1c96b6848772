"""The appliance frozen by PyInstaller: the same bytes each time, and it works."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.support.waiting import until

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
BUILD = ROOT / "packaging" / "appliance" / "build.py"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Built twice, in different folders, one after the other: it fills a core."""
    sources = tmp_path_factory.mktemp("sources")  # nobody works on these meanwhile
    for room in ("appliance", "common"):
        shutil.copytree(ROOT / room, sources / room)
    folders = []
    for seed in (1, 2):
        out = tmp_path_factory.mktemp(f"build{seed}")
        command = [sys.executable, str(BUILD), "--out", str(out), "--root", str(sources)]
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": str(seed)}, check=True)
        folders.append(out / "appliance")
    return folders


def tree(folder: Path) -> dict[str, tuple[int, str]]:
    """Path: mode and hash."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_two_builds_are_the_same_byte_for_byte(built: list[Path]) -> None:
    assert tree(built[0]) == tree(built[1])
    assert not [path for path in built[0].rglob("*") if path.is_symlink()]


def test_no_module_lies_in_an_archive(built: list[Path]) -> None:
    """A change of one module is a change of one small file."""
    inside = built[0] / "_internal"
    assert (inside / "flask" / "app.pyc").exists()
    assert (inside / "appliance" / "app.py").exists()
    assert (built[0] / "appliance").stat().st_size < 5_000_000


def test_the_program_serves_without_a_python(built: list[Path], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    environment = {
        "CALLSTEAD_HOME": str(tmp_path),
        "CALLSTEAD_APPLIANCE_PORT": str(port),
        "PATH": "/nowhere",
    }
    with (tmp_path / "log").open("wb") as log:
        program = subprocess.Popen(
            [str(built[0] / "appliance"), "appliance", "run"],
            env=environment, cwd=tmp_path, stdout=log, stderr=log,
        )  # fmt: skip
    try:

        def answers() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as page:
                    return bool(page.status == 200)
            except OSError:
                assert program.poll() is None, (tmp_path / "log").read_text()
                return False

        until(answers, 60, "the appliance's answer")
    finally:
        program.terminate()
        program.wait(30)
