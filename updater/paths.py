"""Where things lie. The launcher's own files are named in updater/launcher.py."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# The updater as a product in its own care.
SELF = "updater"


@dataclass(frozen=True)
class ProgramFolder:
    """The folder of one program, which it shares with its launcher."""

    root: Path
    data_folder: Path | None = None

    @property
    def slots(self) -> Path:
        """The installed releases."""
        return self.root / "slots"

    @property
    def downloads(self) -> Path:
        """Packs on their way."""
        return self.root / "downloads"

    @property
    def stick(self) -> Path:
        """What a person brought on a USB stick: ``metadata/`` and ``targets/``, verified."""
        return self.root / "stick"

    @property
    def trust(self) -> Path:
        """The trusted metadata of this program's repository, by root of trust."""
        return self.root / "trust"

    @property
    def data(self) -> Path:
        """The program's own; it survives updates."""
        return self.data_folder or self.root / "data"

    @property
    def snapshots(self) -> Path:
        """Copies of the program's data, each from before a switch."""
        return self.root / "snapshots"

    @property
    def log(self) -> Path:
        """What the program printed."""
        return self.root / "log" / "program.log"

    @property
    def launch(self) -> Path:
        """How the launcher starts it."""
        return self.root / "launch.json"

    @property
    def lock(self) -> Path:
        """Held by the program's launcher."""
        return self.root / "launcher.lock"


@dataclass(frozen=True)
class DataFolder:
    """The updater's data folder."""

    root: Path

    @property
    def database(self) -> Path:
        """States, journal, outbox."""
        return self.root / "updater.db"

    @property
    def identity(self) -> Path:
        """Who this client is."""
        return self.root / "identity"

    @property
    def status(self) -> Path:
        """What the running updater says of itself."""
        return self.root / "status.json"

    @property
    def lock(self) -> Path:
        """Held by the one updater that works here."""
        return self.root / "updater.lock"

    @property
    def reports(self) -> Path:
        """The updater's own errors on their way."""
        return self.root / "reports"

    def program(self, product: str, data: str = "") -> ProgramFolder:
        """The folder of one program. The updater's own data are these.

        Args:
            product: the program.
            data: where its data lay before it came into care; empty: in its folder.
        """
        place = self.root / "programs" / product
        return ProgramFolder(place, self.root if product == SELF else Path(data) if data else None)
