"""One client's program with everything around it pretended: repository, server, launcher, time.

The launcher's part is played by `FakeLauncher`, whose program is the test's own process: what it
writes into the folder is what the real one would.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.errors import NetworkError
from common.settings import Holder
from common.spool import Store
from common.trust import Repository
from common.wire.signing import new_key, public_text, verify
from tests.support.clock import FakeClock
from tests.support.repository_simulator import PLATFORM, RepositorySimulator
from updater import launcher
from updater.engine import Engine
from updater.identity import Identity
from updater.journal import Journal, Program
from updater.launcher import snapshot
from updater.paths import ProgramFolder
from updater.receipts import ReceiptMaker
from updater.running import read_running
from updater.schema import migrations
from updater.settings import EverySettings, UpdaterSettings
from updater.states import State
from updater.tools import Tools

PRODUCT = "companion"
PORT = 9  # nobody listens there


@dataclass
class FakeComm:
    """A communications server that says what the test told it to say."""

    go: bool = True
    why: str = "The release is open to all clients."
    away: bool = False
    back: str = ""  # why everybody shall return
    places: bool = True
    asked: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def adopt(self, product: str, channel: str, platform: str, release: str | None) -> str:
        self._reach(f"adopt {product} {channel} {platform} {release}")
        return f"https://key@site.example:8090/{len(product)}"

    def rollout(
        self, product: str, version: str, step: str, *, urgent: bool = False
    ) -> tuple[bool, str]:
        self._reach(f"rollout {product} {version}")
        self.steps.append(f"{step}!" if urgent else step)
        if step == "switch" and not self.places:
            return False, "As many are at it as may be."
        return self.go, self.why

    def sent_back(self, product: str, version: str) -> str:
        self._reach(f"keep {product} {version}")
        return self.back

    def healthz(self) -> None:
        self._reach("healthz")

    def _reach(self, what: str) -> None:
        self.asked.append(what)
        if self.away:
            raise NetworkError("The communications server was not reached.")


class FakeLauncher:
    """Does in the folder what the launcher would do; ``behaviour`` says how the program fares."""

    def __init__(self, folder: Path, behaviour: dict[str, str]) -> None:
        self.folder = folder
        self.behaviour = (
            behaviour  # by version: "well" (default), "crashes", "never starts", "no room"
        )

    def look(self) -> None:
        pointer = launcher.read_pointer(self.folder)
        if pointer and pointer.restore:
            (self.folder / "running.json").unlink(missing_ok=True)
            snapshot.restore(self._source(pointer.previous or "", pointer.restore), pointer.restore)
            pointer = dataclasses.replace(pointer, restore=None)
            launcher.write_json(self.folder / "current.json", vars(pointer))
        running = read_running(self.folder)
        if pointer is None or pointer.slot is None:
            (self.folder / "running.json").unlink(missing_ok=True)
            return
        if running and running.generation == pointer.generation:
            return
        (self.folder / "running.json").unlink(missing_ok=True)
        manifest = launcher.read_json(self.folder / "slots" / f"{pointer.slot}.json")
        fares = self.behaviour.get(manifest["version"], "well") if manifest else "crashes"
        if fares == "never starts":
            return
        if pointer.trial and pointer.snapshot and not self._taken(pointer):
            if fares == "no room":
                self._give_up(pointer, started=False)
                return
            snapshot.take(self._source(pointer.slot), pointer.snapshot)
        if fares == "crashes" and pointer.trial:
            self._give_up(pointer)
            self.look()
            return
        record: dict[str, Any] = {"generation": pointer.generation, "slot": pointer.slot}
        record |= {"pid": os.getpid(), "started": launcher.kernel_start(os.getpid())}
        record |= {"boot": launcher.boot_id(), "since": "2026-11-21T09:00:00.000Z"}
        launcher.write_json(self.folder / "running.json", record)

    def _give_up(self, pointer: launcher.Pointer, *, started: bool = True) -> None:
        outcome: dict[str, Any] = {"generation": pointer.generation, "slot": pointer.slot}
        outcome |= {"reason": "ended with exit status 3 after 0.1 s", "log_tail": ["cannot start"]}
        outcome |= {} if started else {"started": False, "reason": "no snapshot could be taken"}
        launcher.write_json(self.folder / "outcome.json", outcome)
        after = launcher.after_fall_back(pointer, taken=self._taken(pointer))
        launcher.write_json(self.folder / "current.json", vars(after))

    def _taken(self, pointer: launcher.Pointer) -> bool:
        return bool(pointer.snapshot) and snapshot.is_taken(self.folder, str(pointer.snapshot))

    def _source(self, slot: str | None, name: str = "") -> snapshot.Source:
        if name:
            record = snapshot.place_of(self.folder, name) / "snapshot.json"
            slot = (launcher.read_json(record) or {})["slot"]
        return snapshot.Source(self.folder, str(slot), self.folder / "data", {}, 1)


class World:
    """The program on one computer. Make a second one on the same folder for a restart."""

    def __init__(
        self,
        folder: Path,
        simulator: RepositorySimulator,
        *,
        adopt: bool = True,
        behaviour: dict[str, str] | None = None,
        data: str = "",
    ) -> None:
        self.root = folder
        self.simulator = simulator
        self.clock = FakeClock()
        self.comm = FakeComm()
        self.folder = ProgramFolder(folder / "programs" / PRODUCT, Path(data) if data else None)
        self.settings = UpdaterSettings(disk_reserve=0, every=EverySettings(probe=2))
        self.store = Store(folder / "updater.db", migrations())
        self.journal = Journal(self.store, self.clock)
        if adopt and self.journal.program(PRODUCT) is None:
            self.journal.adopt(PRODUCT, "stable", PORT, data)
        place = folder / "identity"
        if not (place / "client.key").exists():
            new_key(place / "client.key")
        self.identity = Identity(place, "c-1", "seat-1", "North", "https://site.example:8090")
        self.launcher = FakeLauncher(self.folder.root, behaviour or {})
        self.tools = Tools(
            folder=self.folder,
            identity=self.identity,
            journal=self.journal,
            repository=Repository(self.folder.trust, simulator.first_root, simulator, self.clock),
            comm=self.comm,  # type: ignore[arg-type]
            receipts=ReceiptMaker(self.identity, self.clock),
            holder=Holder(lambda: self.settings),
            clock=self.clock,
            platform=PLATFORM,
        )
        self.engine = Engine(PRODUCT, self.tools)
        self.engine.recover()

    def set(self, **values: Any) -> None:
        """Other settings from now on."""
        self.settings = dataclasses.replace(self.settings, **values)
        self.tools.holder.reload()

    def step(self) -> State:
        """One look of the launcher, one step of the engine, and the pause it asked for."""
        self.launcher.look()
        self.clock.advance(self.engine.step() + 0.01)
        return self.program.state

    def until(self, *states: State, most: int = 400) -> Program:
        """Step until a state is reached."""
        for _ in range(most):
            if self.step() in states:
                return self.program
        raise AssertionError(f"still {self.program.state}: {self.program.reason}")

    def settle(self) -> Program:
        """Look for news, and go on until nothing is left to do."""
        self.engine.hint()
        self.step()
        if self.program.state is not State.IDLE:
            self.until(State.IDLE)
        self.launcher.look()
        return self.program

    @property
    def program(self) -> Program:
        found = self.journal.program(PRODUCT)
        assert found
        return found

    @property
    def pointer(self) -> launcher.Pointer | None:
        return launcher.read_pointer(self.folder.root)

    @property
    def running_slot(self) -> str | None:
        """What the pointer and the process agree on."""
        self.launcher.look()
        running = read_running(self.folder.root)
        return running.slot if running else None

    def receipts(self) -> list[dict[str, Any]]:
        """What the client signed, verified."""
        key = public_text(self.identity.key())
        return [verify(one.signed, key) for one in self.journal.unsent(1000)]

    def leftovers(self) -> list[str]:
        """Half-built slots, packs, and parts of files."""
        found = [p.name for p in self.folder.root.glob(".*")]
        if self.folder.slots.exists():
            found += [p.name for p in self.folder.slots.glob(".*")]
        packs = self.folder.downloads.glob("*") if self.folder.downloads.exists() else []
        return found + [p.name for p in packs]

    def close(self) -> None:
        self.store.close()
