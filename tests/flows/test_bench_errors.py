"""The measurement of the way of an error runs, in small; what it measures here says nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_short_form_takes_digests_mails_and_counts(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "errors.py"), "--smoke"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=550,
        check=False,  # what it said is told
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not accepted" not in done.stdout  # each report got its 200
    rows = {
        cells[1].strip(): cells[2].strip()
        for cells in (line.split("|") for line in done.stdout.splitlines())
        if len(cells) > 3
    }
    assert float(rows["durably accepted a second"].replace(",", "")) > 0
    assert int(rows["mailed, every report whole"].replace(",", "")) > 0
    assert rows["kept whole"] == "10"
    assert rows["only counted, and told so"] == "490"
    assert rows["counters and histogram exact"] == "yes"
