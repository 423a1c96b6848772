"""The systemd units: valid, hardened, and readable without a manual."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.architecture.house import ROOT

UNITS = sorted((ROOT / "systemd").glob("*.service"))
PROGRAM = "/opt/callstead/bin/callstead"
# systemd's own judgement, times ten: 0 is a sealed box, 96 a program without any protection.
MOST_EXPOSURE = 25


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units with a program that exists on this machine."""
    for unit in UNITS:
        text = unit.read_text("utf-8")
        assert f"ExecStart={PROGRAM} " in text
        (tmp_path / unit.name).write_text(text.replace(PROGRAM, "/bin/true"))
    return tmp_path


def test_there_is_a_unit_for_every_program() -> None:
    names = {unit.stem.removeprefix("callstead-") for unit in UNITS}
    assert names == {"appliance", "appliance@", "comm", "home", "telephony", "updater"}


def test_a_part_of_the_appliance_is_protected_like_the_whole() -> None:
    whole, part = (
        (ROOT / "systemd" / f"callstead-appliance{at}.service").read_text("utf-8").splitlines()
        for at in ("", "@")
    )
    differ = [new for old, new in zip(whole, part, strict=True) if old != new]
    assert f"ExecStart={PROGRAM} appliance run --roles %i" in differ
    assert {line.split("=")[0] for line in differ if line[0] != "#"} == {"Description", "ExecStart"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_no_fault_in_the_unit(installed: Path, unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(installed / unit.name)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_unit_is_hardened(installed: Path, unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager",
         f"--threshold={MOST_EXPOSURE}", "--json=short", str(installed / unit.name)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    assert json.loads(done.stdout)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_every_directive_is_explained_in_the_line_above(unit: Path) -> None:
    lines = unit.read_text("utf-8").splitlines()
    for above, line in zip(["", *lines], lines, strict=False):
        if line and not line.startswith(("#", "[")):
            assert above.startswith("# "), f"{unit.name}: {line}"
            assert above.endswith((".", ".)")), f"{unit.name}: {above}"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_stuck_program_is_noticed_and_started_again(unit: Path) -> None:
    text = unit.read_text("utf-8")
    for directive in ("Type=notify\n", "WatchdogSec=", "Restart=always\n"):
        assert f"\n{directive}" in text
