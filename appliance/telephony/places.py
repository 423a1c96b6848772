"""Where everything of the switch lies: below one folder of ours, and nothing outside of it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from common.errors import OperatorError

_MOST_SOCKET = 84  # bytes; the kernel takes 107 for the path of a local socket, a trial needs 15


@dataclass(frozen=True)
class Places:
    """The folders of one switch; ``root`` is ``telephony`` in the appliance's data folder."""

    root: Path

    @property
    def tree(self) -> Path:
        """Debian's packages, unpacked; replaced as a whole, never written to otherwise."""
        return self.root / "switch"

    @property
    def building(self) -> Path:
        """A tree that is not finished."""
        return self.root / ".building-switch"

    @property
    def downloads(self) -> Path:
        """Packages fetched by an installation that was cut off."""
        return self.root / "downloads"

    @property
    def config(self) -> Path:
        """Made from the templates before each start."""
        return self.root / "config"

    @property
    def data(self) -> Path:
        """What the switch itself remembers: registered phones."""
        return self.root / "data"

    @property
    def spool(self) -> Path:
        """Recordings, until they are taken over."""
        return self.root / "spool"

    @property
    def prompts(self) -> Path:
        """What is played to callers, as files; they can all be made again."""
        return self.root / "prompts"

    def recorded(self, name: str) -> Path:
        """What the switch has recorded under a name of ours."""
        return self.spool / "recording" / f"{name}.wav"

    @property
    def log(self) -> Path:
        """The switch's own log."""
        return self.root / "log"

    @property
    def run(self) -> Path:
        """Process number and control socket.

        In a folder with a long name no socket can be: then it is a short one for temporary files.
        """
        here = self.root / "run"
        if len(str(here / "asterisk.ctl").encode()) <= _MOST_SOCKET:
            return here
        short = hashlib.sha256(str(self.root).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"callstead-{short}"

    @property
    def run_lock(self) -> Path:
        """Held by whoever looks after the switch."""
        return self.root / "run.lock"

    @property
    def ari_secret(self) -> Path:
        """The password between the appliance and the switch; made once, for the owner alone."""
        return self.root / "ari-secret"

    def make(self) -> None:
        """Make the folders that are missing.

        Recording answers 500 when its folder is not there, so it is made, too.

        Raises:
            OperatorError: they cannot be made, or somebody else has the one for the socket.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (
                self.config,
                self.data / "keys",
                self.spool / "recording",
                self.log,
                self.run,
            ):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise OperatorError(
                f"The folder {self.root} cannot be used ({error.strerror}). Give it to the user "
                "that runs the appliance."
            ) from error
        if self.run.stat().st_uid != os.geteuid():
            raise OperatorError(
                f"The folder {self.run} belongs to somebody else. Remove it, or set "
                "appliance.data_dir to a folder with a shorter name."
            )
