"""Debian's OpenSSH server on loopback, its inbox made by packaging/push-inbox/set-up, as a whole.

Server and set-up run in a namespace of their own, in which `/etc` is a copy and `/var/lib` and
`/run` are empty: the accounts and files that they make are gone with it. Only systemd is pretended:
its `reload` is the signal that it would send.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.waiting import until

SET_UP = Path(__file__).parents[2] / "packaging" / "push-inbox" / "set-up"
USER = "callstead-push"
GROUP = "callstead-comm"

_SERVE = """
set -eu
mount --bind "$1/etc" /etc
mount --bind "$1/lib" /var/lib
mount -t tmpfs tmpfs /run
mkdir /run/sshd
groupadd --system "$3"
exec /usr/sbin/sshd -D -p "$2" -o ListenAddress=127.0.0.1 -o LogLevel=VERBOSE -E "$1/log"
"""
_SYSTEMCTL = """#!/bin/sh
[ "$*" = "reload ssh" ] && kill -HUP "$(cat /run/sshd.pid)"
"""


class SftpServer:
    """A running server.

    Attributes:
        port: on 127.0.0.1.
        inbox: the folder into which pushes go, as this machine sees it; there after `let_in`.
        host_key: the line of its public key.
    """

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.inbox = folder / "lib" / "callstead-push" / "inbox"
        self.host_key = (folder / "etc" / "ssh" / "ssh_host_ed25519_key.pub").read_text()
        self._folder, self._process = folder, process

    def let_in(self, public_key: str) -> str:
        """Set the inbox up for the holder of this key; what set-up printed."""
        key = self._folder / "vendor.pub"
        key.write_text(public_key + "\n")
        before = self._listened()
        done = subprocess.run(
            ["nsenter", "--mount", "--target", str(self._process.pid), str(SET_UP), str(key)],
            env={**os.environ, "PATH": f"{self._folder / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin"},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + self.told()
        until(lambda: self._listened() > before, 60, "sshd to be reloaded", self.told)
        return done.stdout

    def group(self) -> int:
        """The number of the communications server's group there."""
        groups = (self._folder / "etc" / "group").read_text().splitlines()
        return next(int(line.split(":")[2]) for line in groups if line.startswith(f"{GROUP}:"))

    def told(self) -> str:
        """Its log."""
        log = self._folder / "log"
        return log.read_text() if log.exists() else ""

    def _listened(self) -> int:
        return self.told().count("Server listening")


@contextlib.contextmanager
def sftp_server() -> Iterator[SftpServer]:
    """A running server into which nobody was let yet."""
    if os.geteuid() or not Path("/usr/sbin/sshd").exists():
        pytest.skip("this needs root and openssh-server")
    folder = Path(tempfile.mkdtemp(prefix="callstead-sshd-"))
    process = None
    try:
        shutil.copytree("/etc", folder / "etc", symlinks=True)
        (folder / "lib").mkdir(mode=0o755)
        (folder / "bin").mkdir()
        (folder / "bin" / "systemctl").write_text(_SYSTEMCTL)
        (folder / "bin" / "systemctl").chmod(0o755)
        key = folder / "etc" / "ssh" / "ssh_host_ed25519_key"
        for made in (key, key.with_suffix(".pub")):
            made.unlink(missing_ok=True)
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
        subprocess.run(make, check=True, timeout=60)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = int(listener.getsockname()[1])
        process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", _SERVE, "sh", str(folder), str(port), GROUP]
        )
        server = SftpServer(folder, port, process)
        until(lambda: _answers(port), 60, "sshd", server.told)
        yield server
    finally:
        if process:
            process.terminate()
            process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return bool(connection.recv(4))
    except OSError:
        return False
