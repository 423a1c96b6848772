"""Where everything of the one-machine site lies, and which ports it uses.

Read from the rooms' own settings by their names alone: this room imports no other.
"""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.atomic import write_bytes
from common.errors import OperatorError
from common.settings import callstead_home, known_sections, load, settings_file

COMPANION_PORT = 8095
CLIENT_NAME = "agent-pc-1"
SITE_NAME = "Demo site"

# Written once, when there is no settings file yet: a person who watches does not want to wait.
_FIRST_SETTINGS = """\
# Settings of this one-machine site, made by `callstead run`. Change what you like.
# `callstead settings` prints every key with its default.

[comm.bundle]
urgent_after = 2.0          # seconds; the default is 5

[comm.mail]
acknowledgements_every = 2.0  # seconds; the default is 15

[comm.mirror]
every = 5.0                 # seconds; the default is 300

[home.inbox]
every = 1.0                 # seconds

[updater]
stop_programs_on_exit = true  # Ctrl-C here stops the client's program too
"""


@dataclass(frozen=True)
class Layout:
    """Folders and ports.

    Attributes:
        home: the data of everything (``CALLSTEAD_HOME``).
        settings: each room's settings by the name of its table.
    """

    home: Path
    settings: dict[str, Any]

    def folder(self, room: str) -> Path:
        """A room's data folder."""
        named = self.settings[room].data_dir
        return Path(named).resolve() if named else self.home / room

    @property
    def run_file(self) -> Path:
        """What runs now: pids by program."""
        return self.home / "run.json"

    @property
    def logs(self) -> Path:
        """The programs' logs."""
        return self.home / "log"

    def ports(self) -> dict[str, int]:
        """Every TCP port of the site, by the settings key that moves it."""
        return {
            "appliance.port": self.settings["appliance"].port,
            "comm.port": self.settings["comm"].port,
            "home.port": self.settings["home"].port,
            "home.mail.port": self.settings["home"].mail.port,
            "CALLSTEAD_COMPANION_PORT": companion_port(),
        }


def companion_port() -> int:
    """Where the client program listens; ``CALLSTEAD_COMPANION_PORT`` moves it."""
    text = os.environ.get("CALLSTEAD_COMPANION_PORT", str(COMPANION_PORT))
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise OperatorError(f"CALLSTEAD_COMPANION_PORT is {text!r}, but must be a TCP port.")
    return int(text)


def read_layout() -> Layout:
    """Check the folder and the settings. Raises OperatorError with one plain sentence."""
    home = callstead_home()
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)  # databases and logs
        probe = home / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
        if not settings_file().exists():
            write_bytes(settings_file(), _FIRST_SETTINGS.encode())
    except OSError as error:
        raise OperatorError(
            f"The folder {home} cannot be written ({error.strerror}). "
            "Make it writable, or set CALLSTEAD_HOME to another folder."
        ) from error
    return Layout(home, {name: load(kind, name) for name, kind in known_sections().items()})


def refuse_taken_ports(layout: Layout) -> None:
    """Raise OperatorError naming the first port that something else already uses."""
    for key, port in layout.ports().items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise OperatorError(
                    f"Port {port} ({key}) cannot be used: {error.strerror}. "
                    "Stop what listens there, or set another port in the settings file."
                ) from error


def callstead(*arguments: str) -> list[str]:
    """The command line of ``callstead …`` with this very Python."""
    return [sys.executable, "-m", "common", *arguments]


def companion_sources() -> Path:
    """The sources of the demo's client program. Raises OperatorError."""
    folder = Path(__file__).resolve().parent.parent / "packaging" / "companion"
    if not (folder / "build.py").exists():
        raise OperatorError(
            f"The sources of the client program are not at {folder}. "
            "`callstead run` and `callstead demo` work from a clone of the repository."
        )
    return folder
