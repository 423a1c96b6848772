"""A home and a communications server as real processes, with the line between them measured.

The site's two ways to its vendor, releases and mail, lead through relays that count bytes: that is
the uplink.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from comm_server.fleet.clients import Fleet
from comm_server.fleet.codes import new_invitation
from comm_server.schema import migrations
from common.clock import SystemClock
from common.serving.certificates import SiteAuthority
from common.spool import Store
from common.wire.release import Manifest, this_platform
from common.wire.rollout import Terms
from home.deltas import make_deltas
from home.pack import pack
from home.publish import room
from home.settings import HomeSettings
from tests.support.onebox import ROOT, free_ports
from tests.support.waiting import until

TERMS = Terms(may_return=True)


class Relay:
    """Forwards TCP to ``port`` and counts, both ways."""

    def __init__(self, port: int) -> None:
        self.bytes_in = 0  # towards the site
        self.bytes_out = 0
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, name="relay", daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = self._listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._target), timeout=30)
                except OSError:  # nobody listens there yet: whoever came tries again
                    near.close()
                    continue
                for one, other, inwards in ((near, far, False), (far, near, True)):
                    threading.Thread(
                        target=self._pump, args=(one, other, inwards), daemon=True
                    ).start()

    def _pump(self, one: socket.socket, other: socket.socket, inwards: bool) -> None:
        one.settimeout(600)
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
                if inwards:
                    self.bytes_in += len(data)
                else:
                    self.bytes_out += len(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        one.close()


class RolloutSite:
    """Both ends below one folder; ``settings`` are environment names without ``CALLSTEAD_``."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        comm, home, mail = free_ports(3)
        self.port = comm
        self._settings: dict[str, object] = {
            "COMM_HOST": "127.0.0.1", "COMM_PORT": comm, "COMM_MIRROR_EVERY": 1,
            "HOME_HOST": "127.0.0.1", "HOME_PORT": home, "HOME_MAIL_PORT": mail,
            "HOME_MAIL_HOST": "127.0.0.1", **settings,
        }  # fmt: skip
        self.relay, self.mail = Relay(home), Relay(mail)
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def comm(self) -> int:
        """The process of the communications server."""
        return self._processes[-1].pid

    @property
    def root(self) -> Path:
        return self.folder / "comm" / "root.json"

    @contextlib.contextmanager
    def serving(self) -> Iterator[RolloutSite]:
        """Made, started, and ended with the ``with``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.command("home", "init")
        kit = self.folder / "kit.json"
        self.command("home", "site", "add", "North", "--out", str(kit))
        told = json.loads(kit.read_text())
        home = str(self._settings["HOME_PORT"])
        for way in ("releases_url", "acks_url"):
            told[way] = told[way].replace(home, str(self.relay.port))
        told["mail"]["port"] = self.mail.port
        kit.write_text(json.dumps(told))
        self.command("comm", "init", "--kit", str(kit))
        try:
            for program in ("home", "comm"):
                self._start(program)
            yield self
        finally:
            for process in reversed(self._processes):
                process.send_signal(signal.SIGTERM)
            for process in self._processes:
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait(10)
            self.relay.close()
            self.mail.close()

    def codes(self, count: int) -> list[str]:
        """Join codes, as `callstead comm invite` makes them."""
        authority = SiteAuthority(self.folder / "comm" / "authority")
        store = Store(self.folder / "comm" / "comm.db", migrations())
        try:
            fleet = Fleet(store, SystemClock())
            made = [new_invitation(authority.fingerprint) for _ in range(count)]
            for one in made:
                fleet.keep_invitation(one.secret_sha256)
        finally:
            store.close()
        return [one.text for one in made]

    def publish(self, version: str, payload: bytes) -> dict[str, int]:
        """Pack a program with ``payload``, and let it into the stable channel; sizes of its files.

        With the home's own code in this process: a command line takes a second each.
        """
        source, out = self.folder / "source" / version, self.folder / "packs" / version
        source.mkdir(parents=True)
        (source / "run").write_text(f"#!/bin/sh\n# {version}\n")
        (source / "run").chmod(0o755)
        (source / "library").write_bytes(payload)
        settings, clock = HomeSettings(data_dir=str(self.folder / "home")), SystemClock()
        draft = Manifest("companion", version, this_platform(), ("run",), ())
        packed = pack(source, draft, out, level=3, clock=clock)
        bases = room.bases(settings, clock, packed.manifest)
        make_deltas(
            source,
            packed.manifest,
            bases,
            out,
            most=packed.pack_size,
            level=settings.pack.delta_level,
        )
        with room.open_releases(settings, clock) as releases:
            releases.publish(out, "Ann")
            for channel in ("test", "stable"):
                releases.promote("companion", version, channel, "Bea", terms=TERMS)
        return {path.name: path.stat().st_size for path in out.iterdir() if path.is_file()}

    def rollout(self, *words: str) -> Any:
        """`callstead comm rollout … --json`."""
        return json.loads(self.command("comm", "rollout", *words, "--json"))

    def command(self, *words: str) -> str:
        """Run one `callstead` command; its output. Fails with what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "common", *words],
            cwd=ROOT, env=self._env(), capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def _start(self, program: str) -> None:
        with (self.folder / f"{program}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "common", program, "serve"],
                    cwd=ROOT,
                    env=self._env(),
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )
        port = int(str(self._settings[f"{program.upper()}_PORT"]))
        until(lambda: _listens(port), 120, f"{program} to listen", lambda: self._log(program))

    def _log(self, program: str) -> str:
        return (self.folder / f"{program}.log").read_text("utf-8", "replace")[-2000:]

    def _env(self) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("CALLSTEAD_")},
            "CALLSTEAD_HOME": str(self.folder),
            **{f"CALLSTEAD_{name}": str(value) for name, value in self._settings.items()},
        }


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
