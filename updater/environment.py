"""``launch.json``: what a program is told when it is started.

The release is not in it: the launcher takes that from the slot it starts, so that a program that
was brought back never reports under the name of the one that failed.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from common.atomic import write_json
from updater.identity import Identity
from updater.journal import Program
from updater.paths import SELF, ProgramFolder
from updater.settings import ProgramSettings

# Threads of it may be in a request to the communications server.
_OWN_STOP_SECONDS = 20.0
_INSTALLED = "CALLSTEAD_INSTALLED_UPDATER"


def launch_of(
    program: Program, folder: ProgramFolder, identity: Identity, settings: ProgramSettings
) -> dict[str, Any]:
    """The content of ``launch.json``."""
    env = {
        "CALLSTEAD_PROGRAM": program.product,
        "CALLSTEAD_PROGRAM_PORT": str(program.port),
        "CALLSTEAD_PROGRAM_DATA": str(folder.data),
        "CALLSTEAD_CA_FILE": str(identity.ca_file),
        "CALLSTEAD_CLIENT": identity.name,
        "CALLSTEAD_PROGRAM_TOKEN": program.token,
    }
    if program.dsn:
        env["SENTRY_DSN"] = program.dsn
    if program.product == SELF:
        return _own(env, settings)
    return {
        "env": env,
        "keep": ["CALLSTEAD_SETTINGS"],
        "stop_seconds": settings.stop_seconds,
        "max_attempts": settings.max_attempts,
        "hook_seconds": settings.hook_seconds,
    }


def _own(env: dict[str, str], settings: ProgramSettings) -> dict[str, Any]:
    """How the launcher starts the updater itself, in what is this process's environment.

    A new updater that lives, but never ends its own trial, is given up by the launcher; and when
    the first one in a slot cannot be kept, the launcher becomes the updater that was installed.
    """
    return {
        "env": env,
        "keep": ["CALLSTEAD_", "NOTIFY_", "WATCHDOG_"],
        "stop_seconds": max(settings.stop_seconds, _OWN_STOP_SECONDS),
        "max_attempts": settings.max_attempts,
        "hook_seconds": settings.hook_seconds,
        "trial_seconds": settings.own_trial_seconds,
        "otherwise": own_command(),
    }


def own_command() -> list[str]:
    """The command by which the installed updater, not one in a slot, serves."""
    serve = ["updater", "serve"]
    if getattr(sys, "frozen", False):
        return [os.environ.get(_INSTALLED, sys.executable), *serve]
    return [sys.executable, "-m", "common", *serve]


def asks_for_restart(path: Path, launch: dict[str, Any]) -> bool:
    """Whether a program that was started by what ``path`` holds runs in another environment."""
    before = _read(path)
    return bool(before) and before.get("env") != launch["env"]


def write(path: Path, launch: dict[str, Any]) -> None:
    """Replace ``launch.json``, if it is another one now."""
    if _read(path) != launch:
        # Who has DSN and token may report, and drain.
        write_json(path, launch, mode=0o600)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
