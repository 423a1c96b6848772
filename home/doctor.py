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
from home.publish.room import publication_of
from home.settings import HomeSettings

_DAY = 86400


def checks() -> Iterator[Check]:
    """The checks of this room; none when this machine is no home."""
    settings = load(HomeSettings, "home")
    if not (settings.folder / "publication").exists():
        return
    yield Check("home: keys", lambda: keys_check(settings))
    yield port_check("home: console port", "127.0.0.1", settings.port, "home.port")
    if settings.mail.enabled:
        yield port_check("home: mail port", "127.0.0.1", settings.mail.port, "home.mail.port")
    yield Check("home: publication", lambda: publication_check(settings))
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
