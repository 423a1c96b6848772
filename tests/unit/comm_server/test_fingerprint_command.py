from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from comm_server.cli import group
from tests.support.site import TestSite, crash
from tests.support.traces import JAVA, PYTHON


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(group, ["fingerprint", *arguments])
    return done.exit_code, done.output


def test_each_file_is_one_line_of_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path / "there is no site"))
    one, other = tmp_path / "event.json", tmp_path / "trace.txt"
    one.write_text(json.dumps(crash(1)), encoding="utf-8")
    other.write_text(JAVA, encoding="utf-8")
    code, output = run("--json", str(one), str(other))
    assert code == 0
    first, second = (json.loads(line) for line in output.splitlines())
    assert first["parts"] == [
        "exception", "ZeroDivisionError", "companion.work:half", "return 1 / n",
    ]  # fmt: skip
    assert (second["grouper"], second["type"]) == ("v1", "IllegalStateException")


def test_without_json_the_parts_are_listed(tmp_path: Path):
    file = tmp_path / "trace.txt"
    file.write_text(PYTHON, encoding="utf-8")
    code, output = run(str(file))
    assert code == 0
    assert "  work.py:run" in output.splitlines()


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    missing = tmp_path / "gone.txt"
    done = CliRunner().invoke(group, ["fingerprint", str(missing)])
    assert done.exit_code != 0
    assert "gone.txt" in done.output + str(done.exception)


def test_it_says_what_the_digest_does(site: TestSite, tmp_path: Path):
    body = json.dumps({"message": PYTHON}).encode()
    site.take(body, kind="plain")
    site.report()
    file = tmp_path / "trace.txt"
    file.write_text(PYTHON, encoding="utf-8")
    said = json.loads(run("--json", str(file))[1])
    kept = site.store.row("SELECT fingerprint, type FROM problems")
    assert kept == {"fingerprint": said["fingerprint"], "type": "RateError"}
