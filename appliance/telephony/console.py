"""The switch's own command line, for what its interface for programs does not have."""

from __future__ import annotations

import subprocess
from pathlib import Path

from appliance.telephony.tree import Tree
from common.clock import Clock

_ANSWER_SECONDS = 10.0
VERSION = "core show version"
FOLLOWERS = "ari show apps"  # the programs that take its calls, by name


class Console:
    """Asks the switch whose ``asterisk.conf`` is in ``config``; it is silent after ``seconds``."""

    def __init__(self, tree: Tree, config: Path, seconds: float = _ANSWER_SECONDS) -> None:
        self._tree, self._config, self._seconds = tree, config, seconds

    def ask(self, command: str) -> str:
        """What it answers to ``command``; empty: it does not answer. Raises OperatorError."""
        try:
            done = subprocess.run(
                self._tree.command(self._config / "asterisk.conf", "-rx", command),
                stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                timeout=self._seconds, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return "" if done.returncode else done.stdout.strip()

    def until_answers(self, process: subprocess.Popen[bytes], seconds: float, clock: Clock) -> str:
        """Its version, as soon as it is wholly started; empty: it ended, or is late."""
        until = clock.monotonic() + seconds
        while clock.monotonic() < until and process.poll() is None:
            # It answers before its modules are loaded; "core waitfullybooted" waits for the end.
            if self.ask("core waitfullybooted"):
                return self.ask(VERSION)
            clock.sleep(0.1)
        return ""
