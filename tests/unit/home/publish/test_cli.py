"""The commands as a release engineer types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from common.cli import main


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path))
    monkeypatch.delenv("CALLSTEAD_SETTINGS", raising=False)
    return tmp_path / "home"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["home", *arguments])


def report(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "phone").write_text("x")
    return tmp_path / "built"


def test_from_keys_to_stable(home: Path, program: Path, tmp_path: Path) -> None:
    assert len(report("init")["made"]) == 8
    assert report("init")["made"] == []
    packed = report(
        "pack", str(program), "--product", "phone", "--version", "1.0.0", "--start",
        "phone --quiet 'two words'", "--health-path", "/healthz", "--platform", "linux-x86_64",
        "--out", str(tmp_path / "pack"),
    )  # fmt: skip
    assert (packed["files"], packed["size"]) == (1, 1)
    manifest = json.loads((tmp_path / "pack" / "manifest.json").read_bytes())
    assert manifest["start"] == ["phone", "--quiet", "two words"]
    assert manifest["health"] == {"path": "/healthz", "within": 20.0, "steady": 3.0}
    assert report("publish", packed["pack"], "--channel", "dev")["digest"] == packed["digest"]
    report("promote", "phone", "1.0.0", "--to", "test", "--by", "Ann")
    report("promote", "phone", "1.0.0", "--to", "stable", "--by", "Ann")
    assert report("freshen")["signed"] == ["snapshot", "timestamp"]
    assert report("product", "add", "desk") == {"product": "desk", "added": True}
    status = report("status")
    assert status["products"]["phone"]["channels"]["stable"] == {"linux-x86_64": "1.0.0"}
    assert status["products"]["phone"]["versions"] == {"1.0.0": ["linux-x86_64"]}
    assert status["approvals"] == {"entries": 3, "chain": "whole"}
    text = run("status").stdout
    assert "stable 1.0.0 (linux-x86_64)" in text
    assert "the log is whole" in text


def test_a_fault_of_the_operator_is_one_sentence_and_status_2(home: Path, tmp_path: Path) -> None:
    for arguments in (
        ["status"],
        ["freshen"],
        ["publish", str(tmp_path)],
        ["promote", "phone", "1", "--to", "test", "--by", "Ann"],
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "callstead home init" in result.stderr
        assert "Traceback" not in result.output


def test_an_approval_needs_a_name(home: Path) -> None:
    result = run("promote", "phone", "1.0.0", "--to", "stable")
    assert result.exit_code == 2
    assert "--by" in result.stderr


def test_nothing_enters_at_a_later_channel(home: Path, tmp_path: Path) -> None:
    result = run("publish", str(tmp_path), "--channel", "stable")
    assert result.exit_code == 2
    assert "dev" in result.stderr
