"""The Windows file's logic, with its system calls pretended; it was never run on Windows itself."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys

import pytest

from updater.platform import linux, windows

ACTIVE = 259


class Calls:
    """A Windows with one process, and one lock."""

    def __init__(self):
        self.locked_by = None
        self.tries = 0
        self.processes = {}
        self.sent = []
        self.no_console = False

    def lock_byte(self, descriptor):
        self.tries += 1
        if self.locked_by not in {None, descriptor}:
            if self.tries > 3:
                self.locked_by = None  # the other one has ended
            raise OSError(13, "Permission denied")
        self.locked_by = descriptor

    def process_times(self, pid):
        return self.processes.get(pid)

    def send_break(self, pid):
        if self.no_console:
            raise OSError(6, "The handle is invalid")
        self.sent.append(("break", pid))

    def kill_tree(self, pid):
        self.sent.append(("kill", pid))


@pytest.fixture
def calls(monkeypatch):
    made = Calls()
    monkeypatch.setattr(windows, "calls", made)
    return made


def test_both_systems_offer_the_same_to_the_launcher():
    functions = [n for n, f in vars(linux).items() if inspect.isfunction(f) and n[0] != "_"]
    assert len(functions) >= 8
    for name in functions:
        ours = inspect.signature(getattr(linux, name)).parameters
        theirs = inspect.signature(getattr(windows, name)).parameters
        kinds = [(p.kind, p.name.lstrip("_")) for p in ours.values()]
        assert kinds == [(p.kind, p.name.lstrip("_")) for p in theirs.values()], name
    for name in ("STOP_SIGNALS", "LEAVE_SIGNAL", "DUMMY"):
        assert hasattr(windows, name)


def test_a_lock_that_another_holds_is_refused_or_waited_for(calls, tmp_path, monkeypatch):
    monkeypatch.setattr(windows.time, "sleep", lambda _seconds: None)
    with (tmp_path / "lock").open("ab") as file:
        calls.locked_by = -1
        with pytest.raises(BlockingIOError):
            windows.lock(file, wait=False)
        windows.lock(file, wait=True)
        assert calls.locked_by == file.fileno()
        assert calls.tries > 3


def test_a_process_is_known_by_its_creation_time_and_gone_when_it_has_an_exit_code(calls):
    calls.processes = {7: (133_000_000_000_000_001, ACTIVE), 8: (133_000_000_000_000_002, 0)}
    assert windows.kernel_start(7) == 133_000_000_000_000_001
    assert windows.kernel_start(8) is None
    assert windows.kernel_start(9) is None
    assert windows.boot_id() == windows.boot_id()


def test_asked_politely_where_that_reaches_it_and_else_ended(calls):
    windows.ask_to_end(7)
    calls.no_console = True
    windows.ask_to_end(7)
    windows.end_now(7)
    assert calls.sent == [("break", 7), ("kill", 7), ("kill", 7)]


def test_a_program_is_started_in_a_group_of_its_own_and_announced(monkeypatch, tmp_path):
    started = []

    class Child:
        pid = 4711

        def __init__(self, command, **options):
            started.append((command, options))

    monkeypatch.setattr(windows.subprocess, "Popen", Child)
    announced = []
    with (tmp_path / "log").open("wb") as log:
        child = windows.start(
            ["run.exe"], cwd=tmp_path, env={"A": "b"}, log=log, announce=announced.append
        )
    assert (child.pid, announced) == (4711, [4711])
    ((command, options),) = started
    assert command == ["run.exe"]
    assert options["creationflags"] == 0x0800_0200
    assert "preexec_fn" not in options
    assert "start_new_session" not in options


def test_what_has_no_meaning_there_does_nothing(tmp_path):
    windows.fsync_folder(tmp_path / "not even there")
    windows.ask_to_reload(os.getpid())


def test_the_file_is_read_on_linux_without_a_windows_module():
    program = "import sys; import updater.platform.windows; print('msvcrt' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
