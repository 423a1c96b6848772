"""Debian's OpenSSH server on loopback, with the inbox as packaging/push-inbox sets it up.

It is made for root, as sshd is. Its chroot lies below /var/lib, because sshd trusts no chroot under
a folder that everyone may write to.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.waiting import until

PACKAGED = Path(__file__).parents[2] / "packaging" / "push-inbox" / "sshd.conf"
# Stands for callstead-push; no account is made for a test.
USER = "nobody"


@dataclass(frozen=True)
class SftpServer:
    """A running server.

    Attributes:
        port: on 127.0.0.1.
        inbox: the folder into which pushes go, as this machine sees it.
        host_key: the line of its public key.
        keys: the file of those who may sign in.
    """

    port: int
    inbox: Path
    host_key: str
    keys: Path
    log: Path


@contextlib.contextmanager
def sftp_server() -> Iterator[SftpServer]:
    """A running server; see `SftpServer`."""
    if os.geteuid() or not Path("/usr/sbin/sshd").exists():
        pytest.skip("this needs root and openssh-server")
    folder = Path(tempfile.mkdtemp(prefix="callstead-sshd-", dir="/var/lib"))
    process = None
    try:
        folder.chmod(0o755)
        Path("/run/sshd").mkdir(exist_ok=True)
        chroot, inbox = folder / "chroot", folder / "chroot" / "inbox"
        chroot.mkdir(mode=0o755)
        inbox.mkdir()
        user = pwd.getpwnam(USER)
        os.chown(inbox, user.pw_uid, grp.getgrgid(user.pw_gid).gr_gid)
        inbox.chmod(0o2770)
        (folder / "keys").touch(mode=0o644)
        key = folder / "host"
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
        subprocess.run(make, check=True, timeout=60)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = int(listener.getsockname()[1])
        packaged = PACKAGED.read_text("utf-8")
        for real, ours in (
            ("User callstead-push", f"User {USER}"),
            ("/etc/callstead/push_keys", str(folder / "keys")),
            ("/var/lib/callstead-push", str(chroot)),
        ):
            assert real in packaged
            packaged = packaged.replace(real, ours)
        (folder / "config").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {key}\nPidFile {folder}/pid\n"
            f"UsePAM no\nPasswordAuthentication no\nLogLevel VERBOSE\n"
            # As in the configuration that Debian brings.
            f"Subsystem sftp /usr/lib/openssh/sftp-server\n{packaged}"
        )
        log = folder / "log"
        command = ["/usr/sbin/sshd", "-D", "-f", str(folder / "config"), "-E", str(log)]
        process = subprocess.Popen(command)
        until(lambda: _answers(port), 60, "sshd", lambda: log.read_text() if log.exists() else "")
        yield SftpServer(port, inbox, key.with_suffix(".pub").read_text(), folder / "keys", log)
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
