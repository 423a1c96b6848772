"""The vendor's publication and the site's mirror killed by strace at every fsync.

Their acts one by one, without processes: tests/unit/home/publish/test_publish.py and
tests/unit/comm_server/mirror/test_kills.py.
"""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys

import pytest

from common.clock import SystemClock
from common.logs import get_logger
from common.trust import FolderSource, Repository
from common.wire.release import Manifest, this_platform
from home import pack as packing
from tests.support.onebox import ROOT
from tests.support.two_ends import TwoEnds, two_ends

log = get_logger(__name__)
pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]
MOST = 200


def killed(ends: TwoEnds, number: int, *command: str) -> bool:
    """Run ``callstead COMMAND``, killed at that fsync of a thread; whether it came so far."""
    what = f"inject=fsync,fdatasync:signal=SIGKILL:when={number}"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", what,
         sys.executable, "-m", "common", *command],
        cwd=ROOT, env=ends.env, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode in {0, -9, 128 + 9}, done.stderr.decode()
    return done.returncode != 0


def packed(ends: TwoEnds, version: str) -> str:
    """A pack of one small file."""
    source, out = ends.folder / "source" / version, ends.folder / "packs" / version
    source.mkdir(parents=True)
    (source / "run").write_text(version)
    draft = Manifest("phone", version, this_platform(), ("run",), ())
    packing.pack(source, draft, out, level=1, clock=SystemClock())
    return str(out)


def seen(ends: TwoEnds, folder: str) -> str:
    """What a client that trusts only the vendor's root finds below this folder."""
    root = (ends.folder / "home" / "publication" / "metadata" / "1.root.json").read_bytes()
    place = ends.folder / "clients" / folder.replace("/", "-")
    repository = Repository(place, root, FolderSource(ends.folder / folder), SystemClock())
    repository.refresh()
    version = repository.channel("phone", "dev")[this_platform()]
    repository.manifest("phone", version, this_platform())
    return version


def subscribe(ends: TwoEnds) -> None:
    """A client that wants the product."""
    with contextlib.closing(sqlite3.connect(ends.folder / "comm" / "comm.db")) as db, db:
        db.execute(
            "INSERT INTO clients (client, name, platform, certificate_sha256, public_key, "
            "joined_at) VALUES ('c-1', 'seat-1', ?, 'f', 'k', '2026-11-21T09:00:00.000Z')",
            (this_platform(),),
        )
        db.execute(
            "INSERT INTO client_programs VALUES ('c-1', 'phone', 'dev', ?, NULL)",
            (this_platform(),),
        )


def test_killed_at_every_fsync_publication_and_mirror_are_whole_and_end_with_the_release(tmp_path):
    publication, live = "home/publication", "comm/mirror/live"
    with two_ends(tmp_path / "site") as ends:
        stick = str(ends.folder / publication)
        ends.command("comm", "status")  # makes the database
        subscribe(ends)
        ends.command("home", "publish", packed(ends, "1.0.0"))
        ends.command("comm", "import", stick)
        kills = {"publish": 0, "import": 0}
        for number in range(1, MOST):
            version, before = f"1.1.{number}", seen(ends, live)
            pack = packed(ends, version)
            published = killed(ends, number, "home", "publish", pack)
            assert seen(ends, publication) in {before, version}, f"publish, fsync {number}"
            ends.command("home", "publish", pack)
            assert seen(ends, publication) == version, f"publish, fsync {number}"
            taken = killed(ends, number, "comm", "import", stick)
            assert seen(ends, live) in {before, version}, f"import, fsync {number}"
            ends.command("comm", "import", stick)
            assert seen(ends, live) == version, f"import, fsync {number}"
            kills["publish"] += published
            kills["import"] += taken
            if not published and not taken:
                break
        else:
            pytest.fail(f"more than {MOST} fsyncs in one thread")
        log.info("drill.fsyncs", **kills)
        assert min(kills.values()) > 3, kills
