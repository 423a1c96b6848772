"""``launch.json``: what a program is told when it is started.

The release is not in it: the launcher takes that from the slot it starts, so that a program that
was brought back never reports under the name of the one that failed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from common.atomic import write_json
from updater.identity import Identity
from updater.journal import Program
from updater.paths import ProgramFolder
from updater.settings import ProgramSettings


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
    return {
        "env": env,
        "keep": ["CALLSTEAD_SETTINGS"],
        "stop_seconds": settings.stop_seconds,
        "max_attempts": settings.max_attempts,
        "hook_seconds": settings.hook_seconds,
    }


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
