"""What `callstead doctor` runs: small named checks, each with advice when it fails.

A room offers its checks by the entry point ``callstead.checks``: a function that yields
`Check`s. A check never raises; one that does is itself reported as failed.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import entry_points
from typing import Any

from common.settings import callstead_home

_CONNECT_SECONDS = 2.0
_SHAKE_SECONDS = 5.0  # a program under load


@dataclass(frozen=True)
class Result:
    """The outcome of one check.

    Attributes:
        name: what was checked, e.g. ``comm: port 8090``.
        ok: whether it is as it should be.
        found: what was found, one sentence.
        advice: what to do; empty when ok.
    """

    name: str
    ok: bool
    found: str
    advice: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)

    def as_line(self) -> str:
        """For people."""
        line = f"{'ok  ' if self.ok else 'FAIL'} {self.name}: {self.found}"
        return f"{line}\n     -> {self.advice}" if self.advice else line


@dataclass(frozen=True)
class Check:
    """A name and a function that answers with a `Result`."""

    name: str
    run: Callable[[], Result]


def run_checks() -> list[Result]:
    """All checks of this machine and of every installed room."""
    checks = list(_machine_checks())
    for entry in sorted(entry_points(group="callstead.checks"), key=lambda e: e.name):
        checks.extend(entry.load()())
    return [_run(check) for check in checks]


def port_check(name: str, host: str, port: int, setting: str, *, tls: bool = False) -> Check:
    """Something must listen on the port when the program runs, and nothing foreign before.

    ``tls``: it must shake hands, too; connections alone are taken for a program that hangs.
    """

    def run() -> Result:
        with socket.socket() as probe:
            probe.settimeout(_CONNECT_SECONDS)
            if probe.connect_ex((host, port)) == 0:
                probe.settimeout(_SHAKE_SECONDS)
                try:
                    if tls:
                        _any_certificate().wrap_socket(probe).close()
                except OSError as error:
                    return Result(
                        name,
                        ok=False,
                        found=f"{host}:{port} takes connections and does not answer ({error})",
                        advice="The program hangs, or another one has the port (`ss -ltnp` names "
                        "it). Start it again.",
                    )
                return Result(name, ok=True, found=f"{host}:{port} answers")
        return Result(
            name,
            ok=False,
            found=f"nothing answers on {host}:{port}",
            advice=f"Start the program, or correct {setting} in the settings.",
        )

    return Check(name, run)


def _any_certificate() -> ssl.SSLContext:
    """Whether it answers is asked, not who it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _run(check: Check) -> Result:
    try:
        return check.run()
    except Exception as error:  # noqa: BLE001 - a broken check is a finding, not a crash
        return Result(
            check.name, ok=False, found=f"the check itself failed: {error!r}", advice="Report this."
        )


def _machine_checks() -> Iterator[Check]:
    yield Check("machine: Python", _python)
    yield Check("machine: disk", _disk)
    yield Check("machine: clock", _clock)


def _python() -> Result:
    version = ".".join(str(part) for part in sys.version_info[:3])
    ok = sys.version_info >= (3, 11)
    return Result("machine: Python", ok, version, "" if ok else "Install Python 3.11 or newer.")


def _disk() -> Result:
    home = callstead_home()
    while not home.exists():
        home = home.parent
    free = shutil.disk_usage(home).free / 2**30
    ok = free >= 2
    advice = "" if ok else f"Free at least 2 GiB on the disk of {home}, or move CALLSTEAD_HOME."
    return Result("machine: disk", ok, f"{free:.1f} GiB free at {home}", advice)


def _clock() -> Result:
    # Metadata of releases expires; a clock before this build cannot be right.
    ok = time.time() > 1_790_000_000
    found = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    return Result("machine: clock", ok, found, "" if ok else "Set the clock; NTP is best.")
