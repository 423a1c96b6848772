from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import OperatorError
from common.locks import exclusive, is_held
from tests.support.clock import FakeClock

HOLDER = """
import sys, time
from pathlib import Path
from common.clock import SystemClock
from common.locks import exclusive
with exclusive(Path(sys.argv[1]), busy="", wait=0, clock=SystemClock()):
    print("held", flush=True)
    time.sleep(60)
"""


def test_names_the_process_that_holds_it_and_ends_with_it(tmp_path: Path) -> None:
    path, clock = tmp_path / "made" / "lock", FakeClock()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        second = exclusive(path, busy="Process {holder} is at it.", wait=1, clock=clock)
        with pytest.raises(OperatorError, match=f"Process {holder.pid} is at it"), second:
            pass
        assert sum(clock.slept) == pytest.approx(1)
        assert is_held(path)
        holder.kill()
    assert not is_held(path)
    assert not is_held(tmp_path / "none")
    with exclusive(path, busy="", wait=0, clock=clock):
        assert path.read_text() == str(os.getpid())


def test_a_folder_that_cannot_be_written_is_for_the_operator(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    lock = exclusive(tmp_path / "file" / "lock", busy="", wait=0, clock=FakeClock())
    with pytest.raises(OperatorError, match="cannot be written"), lock:
        pass
