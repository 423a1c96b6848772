"""Our own products frozen by PyInstaller: the same bytes each time, and they work in care."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from comm_server.settings import CommSettings
from common.clock import SystemClock
from common.settings import keys_of
from common.wire.release import Data, Health, Manifest, this_platform
from home import pack as packing
from home.publish import room
from home.settings import HomeSettings
from tests.support.two_ends import Senders, TwoEnds, assert_nothing_lost_or_doubled, two_ends
from tests.support.updater_client import Client
from tests.support.waiting import until
from updater.running import read_running

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
ROOT = Path(__file__).parents[2]
BUILD = ROOT / "packaging" / "products" / "build.py"
PRODUCTS = ("appliance", "comm", "updater")
# Takes the doors' whole way, and then says that it is not well.
UNWELL = "#!/bin/sh\necho 'the check of this release does not hold' >&2\nexit 1\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Built twice, in different folders, one after the other: it fills a core."""
    sources = tmp_path_factory.mktemp("sources")  # nobody works on these meanwhile
    tools = shutil.ignore_patterns("node_modules", "__pycache__")
    for name in ("appliance", "comm_server", "updater", "common"):
        shutil.copytree(ROOT / name, sources / name, ignore=tools)
    folders = []
    for seed in (1, 2):
        out = tmp_path_factory.mktemp(f"build{seed}")
        command = [sys.executable, str(BUILD), *PRODUCTS, "--out", out, "--root", sources]
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": str(seed)}, check=True)
        folders.append(out)
    return folders


def tree(folder: Path) -> dict[str, tuple[int, str]]:
    """Path: mode and hash."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("product", PRODUCTS)
def test_two_builds_are_the_same_byte_for_byte(built: list[Path], product: str) -> None:
    assert tree(built[0] / product) == tree(built[1] / product)
    assert not [path for path in (built[0] / product).rglob("*") if path.is_symlink()]


def test_no_module_lies_in_an_archive(built: list[Path]) -> None:
    """A change of one module is a change of one small file."""
    inside = built[0] / "appliance" / "_internal"
    assert (inside / "flask" / "app.pyc").exists()
    assert (inside / "appliance" / "app.py").exists()
    assert (built[0] / "appliance" / "appliance").stat().st_size < 5_000_000


def test_the_appliance_serves_without_a_python(built: list[Path], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    environment = {
        "CALLSTEAD_HOME": str(tmp_path),
        "CALLSTEAD_APPLIANCE_PORT": str(port),
        "PATH": "/nowhere",
    }
    with (tmp_path / "log").open("wb") as log:
        program = subprocess.Popen(
            [str(built[0] / "appliance" / "appliance"), "appliance", "run"],
            env=environment, cwd=tmp_path, stdout=log, stderr=log,
        )  # fmt: skip
    try:

        def answers() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as page:
                    return bool(page.status == 200)
            except OSError:
                assert program.poll() is None, (tmp_path / "log").read_text()
                return False

        until(answers, 60, "the appliance's answer")
    finally:
        program.terminate()
        program.wait(30)


class Site:
    """A vendor, and a site whose communications server comes into an updater's care."""

    def __init__(self, ends: TwoEnds) -> None:
        self.ends = ends
        self.client = Client(ends.folder)
        # A program in care gets its settings by the file that all programs of a machine share.
        file = ends.folder / "callstead.toml"
        given = [
            f"{key.path} = {json.dumps(value) if key.kind is str else value}"
            for name, kind in (("comm", CommSettings), ("home", HomeSettings))
            for key in keys_of(kind, name)
            if (value := ends.env.get(key.variable)) is not None
        ]
        file.write_text("\n".join(given) + "\n")
        more = {"SETTINGS": str(file), "UPDATER_STOP_PROGRAMS_ON_EXIT": "true"}
        self.client.env = {
            **{k: v for k, v in self.client.env.items() if not k.startswith("CALLSTEAD_COMM")},
            **{f"CALLSTEAD_{name}": value for name, value in more.items()},
        }
        self.settings = HomeSettings(data_dir=str(ends.folder / "home"))

    def ship(
        self, tree: Path, version: str, data: Data | None = None, *, well: bool = True
    ) -> None:
        """Pack, publish, promote to stable; the site's mirror finds it by itself."""
        product = tree.name
        source = self.ends.folder / "source" / product / version
        shutil.copytree(tree, source)
        (source / "release.txt").write_text(version)
        (source / "check").write_text("#!/bin/sh\n" if well else UNWELL)
        (source / "check").chmod(0o755)
        check = () if product == "updater" else ("check",)
        path = "" if product == "updater" else "/healthz"
        draft = Manifest(
            product=product, version=version, platform=this_platform(), files=(),
            start=(product, product, "serve"), health=Health(path, 60, 1, check),
            data=data or Data(),
        )  # fmt: skip
        out = self.ends.folder / "packs" / product / version
        packing.pack(source, draft, out, level=1, clock=SystemClock())
        with room.open_releases(self.settings, SystemClock()) as releases:
            releases.publish(out, "the drill")
            for channel in ("test", "stable"):
                releases.promote(product, version, channel, "the drill")

    def program(self, product: str) -> dict[str, object]:
        """As the updater has it."""
        programs = self.client.told("status")["programs"]
        return next(one for one in programs if one["product"] == product)

    def runs(self, product: str, version: str) -> bool:
        """Whether it is settled with this version."""
        program = self.program(product)
        current = program["current"]
        settled = program["state"] == "idle" and not program["trial"]
        return bool(settled and isinstance(current, dict) and current["version"] == version)

    def gave_up(self, version: str) -> bool:
        """Whether a version of comm failed here, and the one before runs again."""
        bad = self.client.told("status")["bad_releases"]
        return any(one["version"] == version for one in bad) and self.runs("comm", "1.0.0")

    def close(self) -> None:
        """End the updater, and with it the server in its care."""
        if self.client.updater:
            self.client.end()
        for product in ("updater", "comm"):
            if running := read_running(self.client.folder / "programs" / product):
                os.killpg(running.pid, signal.SIGKILL)

    def told(self) -> str:
        """What helps to understand a failed drill."""
        log = self.ends.folder / "updater" / "programs" / "comm" / "log" / "program.log"
        lines = log.read_text().splitlines()[-40:] if log.exists() else []
        return "\n".join([self.ends.told(), *lines, str(self.client.told("status")["programs"])])


def test_the_communications_server_and_the_updater_update_each_other_and_lose_no_report(
    built: list[Path], tmp_path: Path
) -> None:
    """A server that ran before comes into care, goes on, is given up behind closed doors, goes on.

    Reports are sent all the while; the updater that does it becomes a frozen one on the way.
    """
    comm, updater = built[0] / "comm", built[0] / "updater"
    newer = Data(schema=2, readable_by="2.0.0", databases=("comm.db",))
    with two_ends(tmp_path / "site", COMM_MIRROR_EVERY=1) as ends:
        site = Site(ends)
        client, port = site.client, ends.ports["COMM_PORT"]
        for name in ("home", "comm"):
            ends.start(name)
            ends.well(name)
        dsn = ends.dsn()
        code = ends.command("comm", "invite", "--json")
        root = ends.folder / "home" / "publication" / "metadata" / "1.root.json"
        client.call(
            "join",
            f"127.0.0.1:{port}",
            json.loads(code)["code"],
            "--root",
            str(root),
            "--name",
            "server",
        )
        senders = Senders(ends, dsn, number=4, pause=0.2)
        try:
            # The one that runs is ended for good; the release takes its port and its data over.
            site.ship(comm, "1.0.0")
            client.call("adopt", "comm", "--port", str(port), "--data", str(ends.folder / "comm"))
            client.serve()
            waits = "still in use by a program"
            until(lambda: waits in str(site.program("comm")["reason"]), 120, waits, site.told)
            assert ends.stop("comm") == 0
            until(lambda: site.runs("comm", "1.0.0"), 180, "comm 1.0.0", site.told, every=0.5)

            client.call("adopt", "updater")
            site.ship(updater, "1.0.0")
            until(lambda: site.runs("updater", "1.0.0"), 300, "the updater", site.told, every=0.5)
            own = read_running(client.folder / "programs" / "updater")
            assert own
            words = Path(f"/proc/{own.pid}/cmdline").read_bytes().split(b"\0")
            assert words[0].endswith(b"/updater"), "no Python runs it any more"

            before = len(senders.accepted)
            site.ship(comm, "2.0.0", newer, well=False)
            until(lambda: site.gave_up("2.0.0"), 300, "the way back", site.told, every=0.5)
            until(lambda: len(senders.accepted) > before, 120, "reports after it", site.told)
            site.ship(comm, "2.1.0", newer)
            until(lambda: site.runs("comm", "2.1.0"), 300, "comm 2.1.0", site.told, every=0.5)
            senders.stop()
            assert_nothing_lost_or_doubled(ends, senders.accepted, senders.tried)
            assert senders.unanswered > 0
            receipts = "SELECT outcome, version FROM receipts WHERE product = 'comm' ORDER BY at"
            until(lambda: len(ends.ask("home", receipts)) == 3, 120, "the receipts", site.told)
            assert ends.ask("home", receipts) == [
                ("committed", "1.0.0"), ("rolled_back", "2.0.0"), ("committed", "2.1.0"),
            ]  # fmt: skip
        finally:
            senders.stop()
            site.close()
