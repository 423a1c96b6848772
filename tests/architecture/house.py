"""What the architecture tests look at: the tracked files, and the modules of the rooms."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("appliance", "comm_server", "home", "onebox", "updater")
PACKAGES = ("common", *ROOMS)


@cache
def tracked() -> tuple[Path, ...]:
    """Every tracked file that exists, relative to `ROOT`."""
    done = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    names = (Path(name) for name in done.stdout.decode().split("\0") if name)
    return tuple(name for name in names if (ROOT / name).is_file())


def texts() -> list[tuple[Path, str]]:
    """Every tracked file that is text, with its text."""
    found = []
    for name in tracked():
        data = (ROOT / name).read_bytes()
        if b"\0" not in data:
            found.append((name, data.decode("utf-8")))
    return found


def sources() -> list[Path]:
    """The Python files of the rooms and of common, relative to `ROOT`."""
    return sorted(p.relative_to(ROOT) for name in PACKAGES for p in (ROOT / name).rglob("*.py"))


def modules() -> list[str]:
    """The dotted names of `sources`."""
    return [".".join(p.with_suffix("").parts).removesuffix(".__init__") for p in sources()]
