"""A Redis of our own: Debian's server on a free port, with nothing on the disk."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.support.onebox import free_ports
from tests.support.waiting import until


class RedisServer:
    """Can be stopped and started again at the same port."""

    def __init__(self, folder: Path) -> None:
        (self.port,) = free_ports(1)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        program = shutil.which("redis-server")
        assert program, "Redis is missing; packaging/system-packages.sh test installs it"
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                 "--appendonly", "no", "--dir", str(self._folder)],
                stdout=log, stderr=log,
            )  # fmt: skip
        until(self._answers, 60, "Redis", (self._folder / "redis.log").read_text, every=0.02)

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """A running one."""
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
