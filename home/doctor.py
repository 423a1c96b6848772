"""What an administrator would check at the vendor's home."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from common.clock import SystemClock
from common.doctor import Check, Result, port_check
from common.errors import OperatorError
from common.settings import load
from home.inbox.maildir import Maildir
from home.keys import KeyFolder
from home.publish.room import publication_of, status
from home.settings import HomeSettings

_DAY = 86400
# Days before the offline signatures run out: holidays must not be in the way of finding the keys.
_SOON = 60


def checks() -> Iterator[Check]:
    """The checks of this room; none when this machine is no home."""
    settings = load(HomeSettings, "home")
    if not (settings.folder / "publication").exists():
        return
    yield Check("home: keys", lambda: keys_check(settings))
    yield port_check("home: console port", "127.0.0.1", settings.port, "home.port", tls=True)
    if settings.mail.enabled:
        yield port_check("home: mail port", "127.0.0.1", settings.mail.port, "home.mail.port")
    yield Check("home: publication", lambda: publication_check(settings))
    yield Check("home: offline signatures", lambda: offline_check(settings))
    yield Check("home: approvals", lambda: approvals_check(settings))
    yield Check("home: last mail", lambda: mail_check(settings))


def keys_check(settings: HomeSettings) -> Result:
    """The online keys open, and no private key is readable by others."""
    name = "home: keys"
    keys = KeyFolder(settings.folder / "keys")
    try:
        keys.bundle(), keys.ack()
        keys.online_signers("snapshot"), keys.online_signers("timestamp")
    except OperatorError as error:
        advice = "Restore the folder keys/online from its backup."
        return Result(name, ok=False, found=str(error), advice=advice)
    files = sorted((settings.folder / "keys").rglob("*.pem"))
    open_ones = [path for path in files if os.name != "nt" and path.stat().st_mode & 0o077]
    if open_ones:
        found = f"{open_ones[0]} can be read by others"
        return Result(name, ok=False, found=found, advice=f"chmod 600 {open_ones[0]}")
    return Result(name, ok=True, found=f"{len(files)} keys, each for its owner alone")


def publication_check(settings: HomeSettings) -> Result:
    """Sites refuse a publication that has expired."""
    name = "home: publication"
    clock = SystemClock()
    expires = publication_of(settings, clock).timestamp().expires
    days = (expires - clock.now()).total_seconds() / _DAY
    if days <= 0:
        advice = "Run `callstead home freshen`, and find out why `home serve` did not."
        return Result(
            name, ok=False, found=f"expired at {expires:%Y-%m-%d %H:%M} UTC", advice=advice
        )
    return Result(name, ok=True, found=f"holds for {days:.1f} more days")


def offline_check(settings: HomeSettings) -> Result:
    """What offline keys signed must be signed again in time: nobody can do it by schedule."""
    name = "home: offline signatures"
    clock, publication = SystemClock(), publication_of(settings, SystemClock())
    roles = {role: publication.role(role) for role in ("targets", *publication.products())}
    left = {
        role: (signed.expires - clock.now()).total_seconds() / _DAY
        for role, signed in ({"root": publication.root()} | roles).items()
    }
    role = min(left, key=lambda one: left[one] - _soon(settings, one))
    found = f"{role} is the next to pass its date, in {left[role]:.0f} days"
    if left[role] > _soon(settings, role):
        return Result(name, ok=True, found=found)
    again = "root" if role == "root" else role
    advice = (
        f"Bring the offline keys and run `callstead home rotate {again}`, or publish something; "
        "docs/keys.md has the way for keys on other machines."
    )
    return Result(name, ok=False, found=found, advice=advice)


def _soon(settings: HomeSettings, role: str) -> float:
    life = {"root": settings.publish.root_days, "targets": settings.publish.targets_days}
    return min(_SOON, life.get(role, settings.publish.product_days) / 4)


def approvals_check(settings: HomeSettings) -> Result:
    """The log of approvals is as it was written."""
    name = "home: approvals"
    told = status(settings, SystemClock())["approvals"]
    if told["chain"] == "whole":
        return Result(name, ok=True, found=f"{told['entries']} entries, the chain is whole")
    advice = "Restore home.db from its backup, and find out who had access to it."
    return Result(name, ok=False, found=told["chain"], advice=advice)


def mail_check(settings: HomeSettings) -> Result:
    """Every site writes each day; a home without mail is deaf."""
    name = "home: last mail"
    newest = Maildir(settings.folder / "Maildir", settings.mail.most_bytes).newest()
    if newest is None:
        return Result(name, ok=True, found="no mail has come yet")
    hours = (time.time() - newest) / 3600
    ok = hours <= settings.inbox.silent_after
    advice = "" if ok else "See whether mail reaches the home: its port, the firewall, the sites."
    return Result(name, ok=ok, found=f"came {hours:.1f} hours ago", advice=advice)
