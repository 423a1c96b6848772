"""A Debian tree with the switch in it, run in place: by its own loader, with its own libraries.

Nothing of it is installed in the machine, so the machine's release does not matter, nobody needs
to be root, and no chroot is entered.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from common.errors import OperatorError

MARK = "callstead-switch.json"


@dataclass(frozen=True)
class Tree:
    """An unpacked tree; ``folder`` holds ``usr``."""

    folder: Path

    @property
    def about(self) -> dict[str, str] | None:
        """``version``, ``suite`` and ``installed_at`` of a verified one; None: there is none."""
        try:
            found = json.loads((self.folder / MARK).read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return {str(key): str(value) for key, value in found.items()}

    @property
    def libraries(self) -> Path:
        """The folder of its shared libraries. Raises OperatorError."""
        return self._one("usr/lib/*-linux-gnu*", "its libraries")

    @property
    def modules(self) -> Path:
        """The switch's modules. Raises OperatorError."""
        return self.libraries / "asterisk" / "modules"

    @property
    def shared(self) -> Path:
        """Sounds, music, the description of its interface."""
        return self.folder / "usr" / "share" / "asterisk"

    def command(self, config: Path, *arguments: str) -> list[str]:
        """How the switch is called with the configuration file ``config``. Raises OperatorError."""
        loader = self._one("usr/lib*/ld-linux*.so.*", "its loader")
        program = self.folder / "usr" / "sbin" / "asterisk"
        return [
            str(loader), "--library-path", str(self.libraries), str(program),
            "-C", str(config), *arguments,
        ]  # fmt: skip

    def speech(self) -> list[str]:
        """How espeak-ng is called, with its own libraries and voices. Raises OperatorError."""
        loader = self._one("usr/lib*/ld-linux*.so.*", "its loader")
        program = self._one("usr/bin/espeak-ng", "the program that speaks (espeak-ng)")
        return [
            str(loader), "--library-path", f"{self.libraries}:{self.libraries / 'pulseaudio'}",
            str(program), f"--path={self.libraries}",
        ]  # fmt: skip

    def _one(self, pattern: str, what: str) -> Path:
        found = next(iter(sorted(self.folder.glob(pattern))), None)
        if found is None:
            raise OperatorError(
                f"The switch in {self.folder} lacks {what}. Install it again: "
                "`callstead appliance telephony install`."
            )
        return found
