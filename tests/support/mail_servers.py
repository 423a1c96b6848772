"""Debian's dovecot and postfix on loopback, each with a folder and ports of its own.

They are started by the test and stopped after it; no service manager and no file below /etc is
touched. Both are made for root: their masters start as root and give that up by themselves.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from common.serving.certificates import ensure_self_signed
from tests.support.waiting import until

USERS = ("inbox", "site")
PASSWORD = "s3cret"
DOMAIN = "mail.test"
_STARTS_WITHIN = 20


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return bool(connection.recv(1))
    except OSError:
        return False


@dataclass(frozen=True)
class MailHost:
    """Dovecot: a Maildir for each of `USERS`, by IMAP and POP3 with STARTTLS."""

    folder: Path
    imap: int
    pop3: int
    ca_file: Path
    password_file: Path

    def maildir(self, user: str) -> Path:
        return self.folder / "mail" / user / "Maildir"

    def deliver(self, user: str, mail: bytes) -> None:
        """Put a mail there, as a mail server would."""
        owner = _owner()
        base = self.maildir(user)
        for folder in (base, *(base / name for name in ("tmp", "new", "cur"))):
            folder.mkdir(exist_ok=True)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        name = f"{time.time_ns()}.test"
        (base / "tmp" / name).write_bytes(mail)
        os.chown(base / "tmp" / name, owner.pw_uid, owner.pw_gid)
        (base / "tmp" / name).rename(base / "new" / name)


def _owner() -> pwd.struct_passwd:
    """Whose the mails are: dovecot refuses to be root for them."""
    return pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())


@contextlib.contextmanager
def dovecot() -> Iterator[MailHost]:
    """A running dovecot; the folder is gone afterwards."""
    # Not pytest's folder: nobody but its owner may pass through that.
    folder = Path(tempfile.mkdtemp(prefix="callstead-mail-"))
    try:
        folder.chmod(0o755)
        owner = _owner()
        tls = ensure_self_signed(folder / "tls")
        host = MailHost(
            folder=folder,
            imap=free_port(),
            pop3=free_port(),
            ca_file=tls.certificate,
            password_file=folder / "password",
        )
        host.password_file.write_text(PASSWORD + "\n")
        for user in USERS:
            home = folder / "mail" / user
            home.mkdir(parents=True)
            os.chown(home, owner.pw_uid, owner.pw_gid)
        os.chown(folder / "mail", owner.pw_uid, owner.pw_gid)
        (folder / "users").write_text(
            "".join(
                f"{user}:{{PLAIN}}{PASSWORD}:{owner.pw_uid}:{owner.pw_gid}::{folder}/mail/{user}::\n"
                for user in USERS
            )
        )
        (folder / "dovecot.conf").write_text(
            _DOVECOT.format(
                folder=folder,
                imap=host.imap,
                pop3=host.pop3,
                cert=tls.certificate,
                key=tls.key,
            )
        )
        command = ["dovecot", "-F", "-c", str(folder / "dovecot.conf")]
        with (folder / "dovecot.out").open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            until(
                lambda: _answers(host.imap) and _answers(host.pop3),
                _STARTS_WITHIN,
                "dovecot",
                lambda: _log(folder / "dovecot.log", folder / "dovecot.out"),
            )
            yield host
        finally:
            process.terminate()
            process.wait(_STARTS_WITHIN)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def postfix(host: MailHost, size: int = 10_240_000) -> Iterator[int]:
    """A running postfix that delivers ``USER@mail.test`` to dovecot; answers its port."""
    folder = Path(tempfile.mkdtemp(prefix="callstead-postfix-"))
    port = free_port()
    configuration = folder / "etc"
    try:
        folder.chmod(0o755)
        for name in ("etc", "queue", "data"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        tls = ensure_self_signed(folder / "tls")
        (configuration / "main.cf").write_text(
            _MAIN.format(
                folder=folder,
                host=host.folder,
                uid=_owner().pw_uid,
                gid=_owner().pw_gid,
                cert=tls.certificate,
                key=tls.key,
                domain=DOMAIN,
                size=size,
            )
        )
        (configuration / "recipients").write_text(
            "".join(f"{u}@{DOMAIN} {u}/Maildir/\n" for u in USERS)
        )
        (configuration / "master.cf").write_text(_MASTER.format(port=port))
        shutil.copy(tls.certificate, host.folder / "postfix.pem")
        start = ["postfix", "-c", str(configuration), "start"]
        done = subprocess.run(start, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr + _log(folder / "postfix.log")
        try:
            until(
                lambda: _answers(port),
                _STARTS_WITHIN,
                "postfix",
                lambda: _log(folder / "postfix.log"),
            )
            yield port
        finally:
            subprocess.run(
                ["postfix", "-c", str(configuration), "stop"],
                capture_output=True,
                timeout=60,
                check=False,
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _log(*paths: Path) -> str:
    return "\n".join(p.read_text(errors="replace")[-4000:] for p in paths if p.exists())


_DOVECOT = """\
base_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap pop3
listen = 127.0.0.1
mail_location = maildir:~/Maildir
first_valid_uid = 1
disable_plaintext_auth = yes
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
ssl_dh =
default_vsz_limit = 512M
auth_username_format = %n
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
"""

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.{domain}
mydestination =
mynetworks = 127.0.0.0/8
local_recipient_maps =
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = texthash:{folder}/etc/recipients
virtual_mailbox_base = {host}/mail
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_recipient_restrictions = reject_unlisted_recipient, permit_mynetworks, reject
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
message_size_limit = {size}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
alias_maps =
alias_database =
"""

# Nothing is chrooted: the mailboxes and the certificates lie outside the queue's folder.
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
