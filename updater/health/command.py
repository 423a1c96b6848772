"""Healthy is what says so itself: the release's own check command."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from common.wire.release import Manifest
from updater.launcher import read_json
from updater.running import Running


class CommandHealth:
    """Runs the command once for each process of the program, again only while it fails.

    Args:
        folder: the program's.
        manifest: the release's, with a check.
        seconds: the command's time.
    """

    def __init__(self, folder: Path, manifest: Manifest, seconds: float) -> None:
        self._folder = folder
        self._slot = folder / "slots" / manifest.digest
        self._check = manifest.health.check
        self._seconds = seconds
        self._well: int | None = None  # the process for which it ended well

    def problem(self, process: Running) -> str:
        """See `HealthCheck.problem`."""
        if self._well == process.pid:
            return ""
        launch = read_json(self._folder / "launch.json") or {}
        command = [str(self._slot / self._check[0]), *self._check[1:]]
        try:
            done = subprocess.run(
                command,
                cwd=self._slot,
                env=os.environ | {str(k): str(v) for k, v in launch.get("env", {}).items()},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self._seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"Its own check did not end within {self._seconds:g} s."
        except OSError as error:
            return f"Its own check could not be run ({error.strerror or error})."
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()[-300:]
            return f"Its own check ended with {done.returncode}{f': {said}' if said else ''}."
        self._well = process.pid
        return ""
