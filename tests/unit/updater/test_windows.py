"""The Windows file's logic, with its system calls pretended; it was never run on Windows itself."""

from __future__ import annotations

import hashlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.wire.release import File
from updater import slots
from updater.platform import linux, windows

ACTIVE = 259
ROOT = Path(__file__).parents[3]


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


def test_a_slot_is_verified_and_removed_though_modes_are_not_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(slots, "here", windows)
    (tmp_path / "slot" / "lib").mkdir(parents=True)
    file = tmp_path / "slot" / "lib" / "a"
    file.write_bytes(b"abc")
    file.chmod(0o444)
    assert slots._fault(file, File("lib/a", 0o755, 3, hashlib.sha256(b"abc").hexdigest())) == ""
    assert slots._fault(file, File("lib/a", 0o755, 3, "0" * 64)) == "was changed"

    removed = os.unlink

    def unlink(path, **options):
        mode = os.stat(path, **options).st_mode  # noqa: PTH116 - relative to a folder
        assert mode & 0o200, "Windows removes nothing read-only"
        removed(path, **options)

    monkeypatch.setattr(os, "unlink", unlink)
    slots.remove_tree(tmp_path / "slot")
    assert not (tmp_path / "slot").exists()


def test_what_has_no_meaning_there_does_nothing(tmp_path):
    windows.fsync_folder(tmp_path / "not even there")
    windows.ask_to_reload(os.getpid())


def test_the_file_is_read_on_linux_without_a_windows_module():
    program = "import sys; import updater.platform.windows; print('msvcrt' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


# What Unix alone has is not there: the modules; the calls of `os`; the signals.
_WITHOUT_UNIX = """
import importlib, importlib.util, os, pkgutil, signal, sys
import psutil, sentry_sdk, tuf.ngclient, rich.console  # theirs to care about
there = importlib.util.spec_from_file_location("updater.platform.linux", sys.argv[1])
sys.modules["updater.platform.linux"] = windows = importlib.util.module_from_spec(there)
there.loader.exec_module(windows)
for name in ("fcntl", "pwd", "grp", "termios", "syslog"):
    sys.modules[name] = None
for name in ("fchmod", "fork", "getloadavg", "geteuid", "pread", "O_DIRECTORY", "O_NONBLOCK"):
    delattr(os, name)
for name in ("SIGHUP", "SIGKILL", "SIGUSR1"):
    delattr(signal, name)
import updater
for module in pkgutil.walk_packages(updater.__path__, "updater."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(len([name for name in sys.modules if name.startswith("updater.")]))
"""


def test_every_module_of_the_updater_is_imported_where_nothing_of_unix_is():
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_UNIX, windows.__file__],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 60
