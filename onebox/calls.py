"""How this room speaks to the others: the command line and HTTP, nothing else."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any, TypeVar

import requests

from common.errors import CallsteadError, OperatorError
from onebox.layout import callstead

T = TypeVar("T")


class StepError(CallsteadError):
    """A step of the story or of the set-up does not hold."""


def command(*arguments: str, timeout: float = 120) -> Any:
    """Run ``callstead ARGUMENTS --json``; its JSON. Raises OperatorError with its own sentence."""
    done = _run(arguments, timeout)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise OperatorError(
            f"`callstead {' '.join(arguments)}` ended with {done.returncode}: "
            f"{said[-1].removeprefix('callstead: ') if said else 'no message'}"
        )
    return json.loads(done.stdout)


def refused_command(*arguments: str, timeout: float = 120) -> Any:
    """Run a command that must answer 5 (refused); its JSON."""
    done = _run(arguments, timeout)
    if done.returncode != 5:
        raise StepError(
            f"`callstead {' '.join(arguments)}` ended with {done.returncode} "
            f"instead of refusing: {done.stdout or done.stderr}"
        )
    return json.loads(done.stdout)


def _run(arguments: tuple[str, ...], timeout: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        callstead(*arguments, "--json"),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def healthy(port: int) -> bool:
    """Whether ``/healthz`` on this machine answers 200."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200
    except requests.RequestException:
        return False


def wait_for(what: str, probe: Callable[[], T | None], seconds: float, every: float = 0.5) -> T:
    """Ask until ``probe`` answers something true. Raises StepError naming ``what``.

    What fails on the way counts as "not yet": a program may just be starting again.
    """
    deadline = time.monotonic() + seconds
    last = ""
    while True:
        try:
            found = probe()
            if found:
                return found
        except (CallsteadError, requests.RequestException, ValueError, OSError) as error:
            last = f" ({error})"
        if time.monotonic() > deadline:
            raise StepError(f"{what} did not happen within {seconds:.0f} s{last}")
        time.sleep(every)
