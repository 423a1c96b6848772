"""A PostgreSQL of our own: Debian's server on a free port, in a folder that goes with the tests."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support.onebox import free_ports
from tests.support.waiting import until

_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
USER = "callstead"


class Postgres:
    """A running server; each database in it is made for one test."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._made = 0

    def new_database(self, like: str = "template0") -> str:
        """The address of a new database: empty, or as the one whose address is given."""
        self._made += 1
        name = f"t{os.getpid()}_{self._made}"
        model = like.rpartition("/")[2]
        self.run("createdb", "--username", USER, "--template", model, name)
        return f"postgresql+pg8000://{USER}@127.0.0.1:{self.port}/{name}"

    def run(self, command: str, *arguments: str) -> str:
        """One of PostgreSQL's own commands; its output."""
        done = subprocess.run(
            [_binaries() / command, "--host", "127.0.0.1", "--port", str(self.port), *arguments],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        return done.stdout


def _binaries() -> Path:
    assert _PLACES, "PostgreSQL is missing; packaging/system-packages.sh test installs it"
    return _PLACES[-1]


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """Start a server; it is never run as root, so its folder belongs to Debian's own user."""
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    folder = Path(tempfile.mkdtemp(prefix="callstead-pg-"))
    try:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "cwd": folder}
        if os.geteuid() != 0:
            as_owner = {"cwd": folder}
        subprocess.run(
            [_binaries() / "initdb", "--pgdata", folder / "data", "--username", USER,
             "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"],
            check=True, timeout=120, capture_output=True, **as_owner,
        )  # fmt: skip
        (port,) = free_ports(1)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [_binaries() / "postgres", "-D", folder / "data", "-p", str(port),
                 "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}",
                 "-c", "fsync=off"],
                stdout=log, stderr=log, **as_owner,
            )  # fmt: skip
        try:
            server = Postgres(port)
            until(lambda: _answers(server), 60, "PostgreSQL", (folder / "log").read_text)
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answers(server: Postgres) -> bool:
    try:
        server.run("pg_isready")
    except subprocess.CalledProcessError:
        return False
    return True
