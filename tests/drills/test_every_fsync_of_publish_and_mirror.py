"""The vendor's publication and the site's mirror killed by strace at every fsync.

Once on a new site, whose first release it is, and once on one in use. What comes before is done
once; each kill has a copy of it.

Their acts one by one, without processes: tests/unit/home/publish/test_publish.py and
tests/unit/comm_server/mirror/test_kills.py.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from common.clock import SystemClock
from common.errors import RefusedError
from common.logs import get_logger
from common.trust import FolderSource, Repository
from common.wire.release import Manifest, this_platform
from home import pack as packing
from tests.support.onebox import ROOT
from tests.support.two_ends import TwoEnds, two_ends

log = get_logger(__name__)
pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]
MOST = 200
PUBLICATION, LIVE = "home/publication", "comm/mirror/live"
# strace counts each call for itself.
LEAST = {"fsync": 20, "fdatasync": 2}
# The release that comes, by how old the site is.
AGES = {"new": "1.0.0", "in use": "1.1.0"}


def killed(ends: TwoEnds, call: str, number: int, *command: str) -> bool:
    """Run ``callstead COMMAND``, killed at that ``call`` of a thread; whether it came so far."""
    what = f"inject={call}:signal=SIGKILL:when={number}"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null",
         "-e", f"trace={call}", "-e", what,
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
    """What a client that trusts only the vendor's root finds below this folder; "" is nothing."""
    metadata = ends.folder / "home" / "publication" / "metadata"
    if not (ends.folder / folder / "metadata" / "timestamp.json").exists():
        return ""
    place = ends.folder / "clients" / folder.replace("/", "-")
    source = FolderSource(ends.folder / folder)
    root = (metadata / "1.root.json").read_bytes()
    repository = Repository(place, root, source, SystemClock())
    repository.refresh()
    try:
        version = repository.channel("phone", "dev")[this_platform()]
    except RefusedError as error:
        if error.kind != "unknown":
            raise
        return ""
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


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], TwoEnds]:
    """A site just before each command, new and in use; to be copied, not to be touched."""
    folder = tmp_path_factory.mktemp("stages")
    stages = {}
    with two_ends(folder / "site") as ends:
        ends.command("comm", "status")  # makes the database
        subscribe(ends)
        for age, version in AGES.items():
            pack = packed(ends, version)
            stages["publish", age] = ends.copy(folder / f"publish-{age}")
            ends.command("home", "publish", pack)
            stages["import", age] = ends.copy(folder / f"import-{age}")
            ends.command("comm", "import", str(ends.folder / PUBLICATION))
    return stages


@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("verb", ["publish", "import"])
@pytest.mark.parametrize("call", LEAST)
def test_killed_at_every_fsync_it_is_whole_and_ends_with_the_release(
    stages: dict[tuple[str, str], TwoEnds],
    tmp_path: Path,
    call: str,
    least: int,
    verb: str,
    age: str,
) -> None:
    version, before = AGES[age], "" if age == "new" else AGES["new"]
    for number in range(1, MOST):
        ends = stages[verb, age].copy(tmp_path / "site")
        if verb == "publish":
            changed = PUBLICATION
            command = ("home", "publish", str(ends.folder / "packs" / version))
        else:
            changed = LIVE
            command = ("comm", "import", str(ends.folder / PUBLICATION))
        assert seen(ends, changed) == before
        came = killed(ends, call, number, *command)
        assert seen(ends, changed) in {before, version}, f"{verb}, {age}, {call} {number}"
        if not came:
            break
        ends.command(*command)
        assert seen(ends, changed) == version, f"{verb}, {age}, {call} {number}"
        shutil.rmtree(ends.folder)
    else:
        pytest.fail(f"more than {MOST} fsyncs in one thread")
    log.info("drill.fsyncs", call=call, verb=verb, age=age, kills=number - 1)
    assert seen(ends, changed) == version
    assert number > LEAST[call]
