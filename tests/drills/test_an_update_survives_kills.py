"""An update ends with the new release running and whole, whoever is killed on the way."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

import pytest
import requests

from tests.drills.conftest import Site
from tests.support.onebox import alive, free_ports
from tests.support.waiting import until

PRODUCT = "drill"
STATES = ["available", "fetching", "staged", "waiting", "switching", "probation", "committed"]

# A whole product in one file: it says which version it is, and that it is well.
PROGRAM = """#!{python}
import http.server, json, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({{"status": "ok", "version": "{version}", "pid": os.getpid()}}).encode()
        self.send_response(200 if self.path == "/healthz" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

port = int(os.environ["CALLSTEAD_PROGRAM_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


class Product:
    """The drill's product: a new version on demand."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.port = free_ports(1)[0]
        self.number = 0
        self._folder = folder

    def publish(self) -> str:
        """Sign and publish the next version; its number."""
        self.number += 1
        version = f"1.{self.number}"
        tree, pack = self._folder / f"tree-{version}", self._folder / f"pack-{version}"
        tree.mkdir()
        (tree / "drill").write_text(
            PROGRAM.format(python=sys.executable, version=version), encoding="utf-8"
        )
        (tree / "drill").chmod(0o755)
        (tree / "data.bin").write_bytes(os.urandom(3_000_000))  # something to fetch
        home = ("home", "pack", str(tree), "--product", PRODUCT, "--version", version)
        self.site.command(
            *home, "--start", "drill", "--health-path", "/healthz", "--out", str(pack)
        )
        self.site.command("home", "publish", str(pack), "--channel", "dev")
        for channel in ("test", "stable"):
            self.site.command(
                "home", "promote", PRODUCT, version, "--to", channel, "--by", "the drill"
            )
        return version

    def running(self) -> dict:
        """What its health address says; empty when it is not there."""
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).json()
        except (requests.RequestException, ValueError):
            return {}

    def state(self) -> tuple[str, str]:
        """The updater's state and the version under way."""
        sql = "SELECT state, version FROM journal WHERE product = ? ORDER BY id DESC LIMIT 1"
        rows = self.site.ask("updater/updater.db", sql, PRODUCT)
        return rows[0] if rows else ("", "")

    def settled(self, version: str) -> None:
        """The version runs, is committed, whole as signed, and nothing lies half-built."""
        site = self.site
        until(lambda: self.running().get("version") == version, 90, f"{version} to run", site.told)
        until(lambda: self.state() == ("idle", version), 90, f"{version} committed", site.told)
        findings = [f for f in site.json("updater", "verify") if f["product"] == PRODUCT]
        assert [f["findings"] for f in findings if f["findings"]] == []
        assert findings
        folder = site.home / "updater" / "programs" / PRODUCT
        assert [p.name for p in (folder / "slots").iterdir() if p.name.startswith(".")] == []
        pointer = json.loads((folder / "current.json").read_text("utf-8"))
        assert pointer["trial"] is False
        assert (folder / "slots" / pointer["slot"]).is_dir()


@pytest.fixture(scope="module")
def product(site, tmp_path_factory):
    made = Product(site, tmp_path_factory.mktemp("drill-product"))
    first = made.publish()
    site.command("updater", "adopt", PRODUCT, "--channel", "stable", "--port", str(made.port))
    made.settled(first)
    return made


def test_the_updater_is_killed_in_every_state_of_one_update(site, product):
    seen = []
    killed = 0
    version = product.publish()
    for state in STATES:
        if killed:
            site.back("updater", killed)
        target = STATES.index(state)

        def reached(at: int = target) -> bool:
            now, of = product.state()
            seen.append(now)
            return of == version and now in [*STATES[at:], "idle"]

        until(reached, 60, f"the updater in {state} or beyond", site.told, every=0.002)
        if product.state()[0] == "idle":
            break
        killed = site.pids()["updater"]
        os.kill(killed, signal.SIGKILL)
    site.back("updater", killed)
    product.settled(version)
    assert "rolled_back" not in seen
    assert "failed" not in seen


def test_the_communications_server_is_killed_while_the_mirror_takes_a_release_in(site, product):
    staging = site.home / "comm" / "mirror" / "staging"
    killed: list[int] = []
    version = ""

    def fetching() -> bool:
        return staging.exists() and any(staging.rglob("*"))

    watcher = threading.Thread(target=lambda: killed.append(site.kill_when("comm", fetching, 90)))
    watcher.start()
    version = product.publish()
    watcher.join()
    site.back("comm", killed[0])
    product.settled(version)


def test_the_home_is_killed_while_it_hands_a_release_out(site, product):
    pid = site.pids()["home"]
    version = product.publish()
    os.kill(pid, signal.SIGKILL)
    site.back("home", pid)
    product.settled(version)


def test_the_launcher_is_killed_on_probation_and_the_program_lives_on(site, product):
    version = product.publish()
    until(
        lambda: product.state() == ("probation", version), 90, "probation", site.told, every=0.002
    )
    until(lambda: product.running().get("version") == version, 60, "the new one", site.told)
    program = product.running()["pid"]
    folder = site.home / "updater" / "programs" / PRODUCT
    launcher = launcher_of(folder)
    os.kill(launcher, signal.SIGKILL)
    product.settled(version)
    assert product.running()["pid"] == program, (
        "the program was cut although only its launcher died"
    )
    until(lambda: launcher_of(folder) not in {0, launcher}, 60, "a new launcher", site.told)


def test_the_program_is_killed_after_the_commit_and_started_again(site, product):
    version, pid = product.running()["version"], product.running()["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: product.running().get("pid", pid) != pid, 60, "the program again", site.told)
    assert product.running()["version"] == version


def launcher_of(folder: Path) -> int:
    """The pid of the launcher that looks after ``folder``; 0 when there is none."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"updater.launcher" in words and str(folder).encode() in words:
                pid = int(entry.name)
                return pid if alive(pid) else 0
    return 0
