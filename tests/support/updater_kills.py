"""A whole updater, and the launchers it starts, killed at an fsync of a real update."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.support.site_simulator import SiteSimulator
from tests.support.tiny_releases import PRODUCT, WELL, TinyVendor
from tests.support.updater_client import ROOT, Client, until
from updater.launcher import read_pointer
from updater.running import read_running
from updater.slots import all_slots, verify

KILLED = -9


class Ground:
    """A vendor, a site, and a client on which the first release runs."""

    def __init__(self, client: Client, site: SiteSimulator, vendor: TinyVendor) -> None:
        self.client = client
        self.site = site
        self.vendor = vendor
        self._minor = 0
        self.took = 0.0  # seconds of the last installation that nothing cut short

    def ship(self) -> str:
        """The next release; its version."""
        self._minor += 1
        version = f"1.{self._minor}.0"
        self.vendor.ship(version, WELL)
        return version

    def kill_at(self, call: str, number: int) -> bool:
        """Update, killed at that ``fsync`` or ``fdatasync`` of a thread; whether it came so far.

        strace counts each call for itself, and each thread or process for itself. The next
        updater must end with the new release running, whole and committed.
        """
        version = self.ship()
        what = f"inject={call}:signal=SIGKILL:when={number}"
        done = subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null",
             "-e", f"trace={call}", "-e", what,
             sys.executable, "-m", "common", "updater", "apply", PRODUCT],
            cwd=ROOT, env=self.client.env, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode in {0, KILLED, 128 + 9}, done.stderr.decode()
        self._ends_with(version, f"{call} {number}")
        return done.returncode != 0

    def kill_after(self, seconds: float, *, launcher: bool) -> bool:
        """Update, killed that long after its start; whether the update had not ended before.

        With ``launcher`` the launcher of the program is killed in the same moment.
        """
        version, began = self.ship(), time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "common", "updater", "apply", PRODUCT],
            cwd=ROOT, env=self.client.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            process.wait(seconds)
            self.took = time.monotonic() - began  # a machine is not as busy all the time
        except subprocess.TimeoutExpired:
            process.kill()
        about = f"a kill after {seconds:.2f} s"
        if launcher:
            self._kill_launcher()
        else:  # it brings the old one back, or the new one up, with no updater
            until(lambda: read_running(self.client.place), f"a release that runs after {about}")
        killed = process.wait(60) != 0
        self._ends_with(version, about)
        return killed

    def _kill_launcher(self) -> None:
        for one in psutil.process_iter(["cmdline"]):
            line = one.info["cmdline"] or []
            if "updater.launcher" in line and line[-1] == str(self.client.place):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()

    def _ends_with(self, version: str, about: str) -> None:
        pointer = read_pointer(self.client.place)
        assert pointer is not None, about
        assert pointer.slot, f"{about}: neither is to run"
        assert self._faults(pointer.slot) == [], f"{about}: what is to run is not whole"
        told = self.client.told("apply", PRODUCT)
        assert (told["state"], told["version"]) == ("idle", version), f"{about}: {told}"
        until(self.client.healthy, f"the new release after {about}")
        assert self.client.log.count(f"companion@{version} on") >= 1
        pointer = read_pointer(self.client.place)
        assert pointer is not None
        assert (pointer.trial, pointer.restore) == (False, None)
        installed = all_slots(self.client.place / "slots")
        assert pointer.slot in {slot.digest for slot in installed}
        assert [self._faults(slot.digest) for slot in installed] == [[], []], about
        left = [p.name for p in (self.client.place / "slots").glob(".*")]
        assert left == [], about
        outcomes = [o for o in self.site.outcomes() if o[1] == version]
        assert outcomes == [("committed", version)], f"{about}: told exactly once"

    def _faults(self, digest: str) -> list[str]:
        return verify(self.client.place / "slots", digest)


@contextlib.contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Joined, adopted, 1.0.0 installed."""
    vendor = TinyVendor(folder / "vendor")
    with SiteSimulator(folder / "ca", vendor.publication).served() as site:
        client = Client(folder / "client")
        client.home.mkdir()
        root = str(vendor.root)
        client.call("join", site.address, site.code, "--root", root, "--name", "seat-1")
        client.call("adopt", PRODUCT, "--port", str(client.port))
        vendor.ship("1.0.0", WELL)
        try:
            began, made = time.monotonic(), Ground(client, site, vendor)
            assert client.told("apply", PRODUCT)["version"] == "1.0.0"
            made.took = time.monotonic() - began
            yield made
        finally:
            client.clean_up()
