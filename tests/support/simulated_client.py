"""A client without a program: it speaks to its site with the updater's own parts.

Its own key and certificate, mutual TLS, the feed, its turn at each step, the lists and packs
verified from its own root, signed receipts, vitals. Only what happens on a computer's own disk,
slots and probation, is passed by; ``outcome`` says how that ended.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from packaging.version import Version

from common.clock import SystemClock
from common.errors import CallsteadError, RefusedError
from common.feed.client import Reload, follow
from common.trust import HttpSource, Repository
from common.wire.release import Manifest, delta_target, pack_target, this_platform
from updater.comm import Comm
from updater.join import join
from updater.receipts import ReceiptMaker
from updater.settings import NetworkSettings

LIMITS = NetworkSettings(connect=30.0, read=120.0)
PLATFORM = this_platform()


def _committed(_version: str) -> str:
    return "committed"


class SimulatedClient:
    """One client; `start` joins and works until `stop`.

    Args:
        folder: for its identity, its memory of trusted lists, and one pack.
        address: ``HOST:PORT`` of the communications server.
        root: the vendor's root.
        name: its name at the site.
        product: what it takes care of.
        version: what it says it runs.
        gate: seconds between two questions whether it may switch now.
        outcome: by version, how an installation ends.
    """

    def __init__(
        self,
        folder: Path,
        address: str,
        root: Path,
        name: str,
        *,
        product: str = "companion",
        version: str = "1.0.0",
        gate: float = 1.0,
        outcome: Callable[[str], str] = _committed,
    ) -> None:
        self.folder = folder
        self.name = name
        self.version = version
        self.before: Manifest | None = None
        self.fetched = 0  # bytes of packs and deltas
        self.told: list[str] = []  # outcomes of its receipts
        self.last_words = ""
        self._product = product
        self._address, self._root = address, root
        self._gate, self._outcome = gate, outcome
        self._clock = SystemClock()
        self._look, self._stop = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []

    def join(self, code: str) -> None:
        """Become a client of the site, and take the program into care."""
        self._who = join(
            self.folder / "identity", self._address, code, self._root, self.name,
            platform=PLATFORM, limits=LIMITS,
        )  # fmt: skip
        self._comm = Comm(self._who, LIMITS, self._clock)
        self._receipts = ReceiptMaker(self._who, self._clock)
        source = HttpSource(
            self._comm.releases_url, self._comm.session(), connect=LIMITS.connect, read=LIMITS.read
        )
        self._repository = Repository(self.folder / "trust", self._who.root(), source, self._clock)
        self._comm.adopt(self._product, "stable", PLATFORM, self.version)

    def start(self) -> None:
        """Follow the feed, and look."""
        self._threads = [
            threading.Thread(target=target, name=f"{self.name}-{target.__name__}", daemon=True)
            for target in (self._hints, self._work)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End soon; a long poll that is open ends with the server."""
        self._stop.set()
        self._look.set()

    def close(self) -> None:
        """After `stop`: wait, and let go of the connections."""
        self._comm.close()
        for thread in self._threads:
            thread.join(60)

    def look_once(self) -> None:
        """One look, and what follows from it. Raises CallsteadError."""
        if self.before is not None and (why := self._comm.sent_back(self._product, self.version)):
            self._tell("returned", self.version, self.before.version, why)
            self.version, self.before = self.before.version, None
        self._repository.refresh()
        wanted = self._repository.channel(self._product, "stable").get(PLATFORM)
        if wanted is None or Version(wanted) <= Version(self.version):
            return
        if not self._may(wanted, "fetch"):
            return
        manifest = self._repository.manifest(self._product, wanted, PLATFORM)
        self._download(wanted)
        while not self._stop.is_set():
            if self._may(wanted, "ready") and self._may(wanted, "switch"):
                self._install(manifest)
                return
            self._stop.wait(self._gate)
            if not self._may(wanted, "fetch"):  # halted meanwhile
                return

    def _install(self, manifest: Manifest) -> None:
        outcome = self._outcome(manifest.version)
        self._tell(outcome, manifest.version, self.version, f"{outcome} by the simulation")
        if outcome == "committed":
            self.before = self._repository.manifest(self._product, self.version, PLATFORM)
            self.version = manifest.version
        self._speak()

    def _download(self, wanted: str) -> None:
        """The delta from what runs, where there is one; else the pack."""
        out = self.folder / "fetched"
        names = [pack_target(self._product, wanted, PLATFORM)]
        base = self._repository.manifest(self._product, self.version, PLATFORM)
        delta = delta_target(self._product, wanted, PLATFORM, base.digest)
        for name in (delta, *names):
            try:
                length, _sha256 = self._repository.info(name)
            except RefusedError:
                continue
            self._repository.download(name, out)
            self.fetched += length
            break
        shutil.rmtree(out) if out.is_dir() else out.unlink()

    def _may(self, wanted: str, step: str) -> bool:
        go, self.last_words = self._comm.rollout(self._product, wanted, step)
        return go

    def _tell(self, outcome: str, version: str, before: str, reason: str) -> None:
        receipt = self._receipts.make(
            outcome, self._product, version, "0" * 64, reason, from_version=before
        )
        assert self._comm.send_receipts([receipt.signed]) == [receipt.id]
        self.told.append(outcome)

    def _speak(self) -> None:
        program = {"product": self._product, "version": self.version, "state": "idle"}
        self._comm.send_vitals({"programs": [program | {"reason": self.last_words}]})

    def _hints(self) -> None:
        session = self._comm.session()
        for item in follow(session, self._comm.feed_url, "updates", 0, wait=5, stop=self._stop):
            if isinstance(item, Reload) or item.data.get("product") == self._product:
                self._look.set()

    def _work(self) -> None:
        while not self._stop.is_set():
            self._look.clear()
            try:
                self.look_once()
            except CallsteadError as error:
                self.last_words = str(error)
                self._stop.wait(self._gate)
                self._look.set()
            self._look.wait(30)
