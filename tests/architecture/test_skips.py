"""The rule about skips, tried on small test files of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house import ROOT

CASES = {
    "no_reason": "import pytest\n@pytest.mark.skip\ndef test_it(): pass\n",
    "a_reason": "import pytest\ndef test_it(): pytest.skip('strace is not installed')\n",
    "a_whole_module": "import pytest\npytest.skip('no strace', allow_module_level=True)\n",
    "an_expected_failure": "import pytest\n@pytest.mark.xfail\ndef test_it(): assert 0\n",
    "no_skip": "def test_it(): pass\n",
}


@pytest.mark.parametrize(
    ("ci", "failing"),
    [("", {"no_reason"}), ("true", {"no_reason", "a_reason", "a_whole_module"})],
    ids=["by hand", "in CI"],
)
def test_a_skip_needs_a_reason_and_ci_takes_none(
    tmp_path: Path, ci: str, failing: set[str]
) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for name, text in CASES.items():
        (tmp_path / f"test_{name}.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rfE", "--continue-on-collection-errors"],
        env=os.environ
        | {"CI": ci, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = re.findall(r"^(?:FAILED|ERROR) test_(\w+)\.py", done.stdout, re.MULTILINE)
    assert set(found) == failing, done.stdout
