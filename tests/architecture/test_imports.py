"""Who may import whom, and that importing does nothing else."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import packaging.version
import pytest

from tests.architecture.house import PACKAGES, ROOT, modules, sources

# Rules without I/O: the standard library and their own package are all they may know.
PURE = {
    "appliance/domain": "appliance.domain",
    "comm_server/grouping": "comm_server.grouping",
    "comm_server/scrub": "comm_server.scrub",
    "updater/states.py": "updater.states",
}
# What a rule would need for I/O.
DOORS = {
    "asyncio", "ftplib", "http", "multiprocessing", "os", "pathlib", "shutil", "smtplib", "socket",
    "sqlite3", "ssl", "subprocess", "tempfile", "threading", "urllib.request",
}  # fmt: skip


def _imports(path: Path) -> set[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return names


def test_the_import_rules_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_packaging_is_the_one_from_pypi() -> None:
    """Our folder `packaging/` must not shadow it; as a package it would."""
    assert packaging.version.__file__ is not None
    assert not Path(packaging.version.__file__).is_relative_to(ROOT / "packaging")
    assert packaging.version.Version("1.0.1") > packaging.version.Version("1.0.0")


@pytest.mark.parametrize("folder", ["packaging", "systemd"])
def test_folders_that_would_shadow_a_library_are_no_packages(folder: str) -> None:
    assert not list((ROOT / folder).rglob("__init__.py"))


@pytest.mark.parametrize("place", PURE)
def test_rules_know_the_standard_library_alone_and_do_no_io(place: str) -> None:
    inside = [path for path in sources() if path.as_posix().startswith(place)]
    assert inside
    for path in inside:
        for name in _imports(path) - {"__future__"}:
            own = name == PURE[place] or name.startswith(PURE[place] + ".")
            assert own or name.split(".")[0] in sys.stdlib_module_names, f"{path} imports {name}"
            assert name not in DOORS, f"{path} imports {name}, and rules do no I/O"


def test_the_launcher_needs_nothing_that_an_update_could_break() -> None:
    own = ("updater.launcher", "updater.platform")
    inside = [p for p in sources() if p.is_relative_to("updater/launcher")]
    inside += [p for p in sources() if p.is_relative_to("updater/platform")]
    assert len(inside) > 6
    for path in inside:
        for name in _imports(path):
            assert name.startswith(own) or name.split(".")[0] in sys.stdlib_module_names, path


# Alembic runs this file as a script, in a context that it prepared.
SCRIPTS = {"appliance.store.migrations.env"}

WATCHED_IMPORT = """
import importlib, os, sys, threading, warnings
sys.dont_write_bytecode = True
names = {names!r}
packages = {packages!r}
for name in names:
    importlib.import_module(name)
# The libraries have done what they do at import; now ours again, alone, under watch.
for name in list(sys.modules):
    if name.split(".")[0] in packages:
        del sys.modules[name]
seen = []
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
ACTS = ("socket.", "subprocess.", "sqlite3.connect", "os.mkdir", "os.remove", "os.rename",
        "os.fork", "os.posix_spawn", "signal.")
def watch(event, args):
    if event.startswith(ACTS) or (event == "open" and args[2] & WRITES):
        seen.append((event, repr(args)[:200]))
sys.addaudithook(watch)
threads = threading.active_count()
for name in names:
    before = len(seen)
    importlib.import_module(name)
    assert len(seen) == before, f"importing {{name}} does {{seen[before:]}}"
    assert threading.active_count() == threads, f"importing {{name}} starts a thread"
"""


def test_importing_makes_no_file_no_thread_and_no_socket(tmp_path: Path) -> None:
    names = [m for m in modules() if m not in SCRIPTS and not m.endswith("__main__")]
    script = WATCHED_IMPORT.format(names=names, packages=PACKAGES)
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())


def test_every_module_can_be_imported_alone_by_its_name() -> None:
    for name in PACKAGES:
        module = importlib.import_module(name)
        assert module.__file__ is not None
        assert Path(module.__file__).is_relative_to(ROOT)
        assert module.__doc__, f"{name} does not say what it is"
