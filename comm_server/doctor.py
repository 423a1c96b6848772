"""What an administrator would check at the communications server."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests

from comm_server.courier import transport_for
from comm_server.disk.ballast import held
from comm_server.settings import CommSettings, load_settings
from comm_server.site import Site, load_site
from common.clock import SystemClock, ago
from common.database import connect
from common.doctor import Check, Result, port_check
from common.errors import CallsteadError
from common.mail.smtp import SmtpTransport
from common.trust.expiry import of_published

# For what trying again does not mend; the words of `comm_server.outbox.trouble_of`.
_ADVICE = {
    "recipient": "Nobody reads mail at this address: ask the vendor for a new kit, or whoever runs "
    "the relay. Until then carry the bundles home with `callstead comm export`.",
    "size": "Ask whoever runs the relay to take larger mails, or name another one in "
    "comm.mail.host. Until then carry the bundle home with `callstead comm export`.",
}
_TIMEOUT = (5, 10)
# Acknowledgements and releases carry times; minutes do no harm yet.
_CLOCK_MAY_DIFFER = timedelta(minutes=5)
_SECRETS = ("kit.json", "site.key", "session.key", "authority/ca.key", "authority/server.key")


def checks() -> Iterator[Check]:
    """The checks of this room; none when this machine is no communications server."""
    settings = load_settings()
    if not (settings.folder / "kit.json").exists():
        return
    yield Check("comm: site", lambda: _site(settings.folder))
    yield Check("comm: keys", lambda: _keys(settings.folder))
    yield port_check("comm: port", "127.0.0.1", settings.port, "comm.port", tls=True)
    yield Check("comm: database", lambda: _database(settings.folder / "comm.db"))
    yield Check("comm: disk", lambda: _disk(settings))
    try:
        site = load_site(settings.folder)
    except CallsteadError:
        return  # "comm: site" says what to do first
    yield Check("comm: mail server", lambda: _mail(settings, site))
    yield Check("comm: vendor", lambda: _vendor(site))
    yield Check("comm: releases", lambda: releases_check(settings))
    yield Check("comm: mails", lambda: _undelivered(settings))


def _site(folder: Path) -> Result:
    try:
        site = load_site(folder)
    except CallsteadError as error:
        return Result("comm: site", ok=False, found=str(error), advice="Install the kit again.")
    return Result("comm: site", ok=True, found=f"{site.name} ({site.site}), keys readable")


def _keys(folder: Path) -> Result:
    name = "comm: keys"
    paths = [folder / secret for secret in _SECRETS if (folder / secret).exists()]
    loose = [str(path) for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if loose:
        return Result(
            name,
            ok=False,
            found=f"others may read {', '.join(loose)}",
            advice=f"Take that right away: chmod 600 {' '.join(loose)}",
        )
    return Result(name, ok=True, found=f"{len(paths)} secrets, readable by their owner alone")


def _database(path: Path) -> Result:
    name = "comm: database"
    if not path.exists():
        return Result(
            name, ok=False, found=f"{path} is not there yet", advice="Start `callstead comm serve`."
        )
    try:
        connection = connect(path, read_only=True)
        try:
            waiting = connection.execute("SELECT count(*) FROM raw WHERE state = 'new'").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        return Result(
            name,
            ok=False,
            found=f"{path} cannot be read: {error}",
            advice="Look at the disk; then restore the file from the last backup.",
        )
    size = path.stat().st_size / 2**20
    return Result(name, ok=True, found=f"{size:.1f} MiB, {waiting[0]} reports to be looked through")


def _disk(settings: CommSettings) -> Result:
    name, folder, limits = "comm: disk", settings.folder, settings.disk
    free, holds = shutil.disk_usage(folder).free, held(folder / "ballast")
    found = f"{free // 2**20} MiB free, {holds // 2**20} MiB held back"
    enough = limits.resume_free // 2**20
    if free < limits.least_free:
        return Result(
            name,
            ok=False,
            found=f"{found}: no reports are taken; they stay with their senders",
            advice=f"Free at least {enough} MiB on the disk of {folder}.",
        )
    if holds < limits.ballast:
        return Result(
            name,
            ok=False,
            found=f"{found}, less than comm.disk.ballast asks for",
            advice=f"Free at least {enough} MiB on the disk of {folder}, and start "
            "`callstead comm serve` if it does not run.",
        )
    damaged = sorted(one.name for one in folder.glob("comm.db.damaged-*"))
    if damaged:
        return Result(
            name,
            ok=False,
            found=f"{found}; the database was damaged: {', '.join(damaged)} is kept",
            advice="Have the disk checked; the last alarm says what was lost. Delete the file when "
            "nobody needs it.",
        )
    return Result(name, ok=True, found=found)


def _mail(settings: CommSettings, site: Site) -> Result:
    name = "comm: mail server"
    transport = transport_for(settings.mail, site)
    assert isinstance(transport, SmtpTransport)  # noqa: S101 - the only kind there is yet
    where = f"{transport.server.host}:{transport.server.port}"
    try:
        transport.probe()
    except CallsteadError as error:
        return Result(
            name,
            ok=False,
            found=str(error),
            advice="Correct comm.mail in the settings, or open the way in the firewall. "
            "Mails wait here meanwhile; none is lost.",
        )
    return Result(name, ok=True, found=f"{where} answers and would take a mail")


def _vendor(site: Site) -> Result:
    name = "comm: vendor"
    try:
        answer = requests.get(
            site.acks_url, verify=str(site.home_ca), timeout=_TIMEOUT, stream=True
        )
    except requests.RequestException as error:
        return Result(
            name,
            ok=False,
            found=f"{site.acks_url} was not reached: {error}",
            advice="Open the way in the firewall. Without it mails are sent again and again, and "
            "releases must be carried in by USB.",
        )
    answer.close()
    found = f"{site.acks_url} answers {answer.status_code}"
    if answer.status_code not in {200, 404}:
        return Result(name, ok=False, found=found, advice="Tell the vendor.")
    ahead = _clock_ahead(answer.headers.get("Date", ""))
    if abs(ahead) > _CLOCK_MAY_DIFFER:
        return Result(
            name,
            ok=False,
            found=f"this machine's clock differs from the vendor's by {abs(ahead)}",
            advice="Set the clock; NTP is best. Releases are refused when it is wrong.",
        )
    return Result(name, ok=True, found=f"{found}; the clocks agree")


def releases_check(settings: CommSettings) -> Result:
    """The vendor's lists hold, and the inbox for pushes can be emptied."""
    name = "comm: releases"
    found = of_published(settings.folder / "mirror" / "live" / "metadata")
    inbox = settings.mirror.inbox
    if inbox and not os.access(inbox, os.R_OK | os.W_OK | os.X_OK):
        return Result(
            name,
            ok=False,
            found=f"the inbox {inbox} cannot be read and emptied",
            advice="Set it up as docs/push.md says, or leave comm.mirror.inbox empty.",
        )
    if found is None:
        return Result(name, ok=True, found="nothing has come from the vendor yet")
    left = found.at - SystemClock().now()
    if left <= timedelta(0):
        return Result(
            name,
            ok=False,
            found=f"{found.what} passed its date on {found.at:%Y-%m-%d}: nothing new is installed",
            advice="Open the way to the vendor, and check this clock; or bring newer lists on a "
            "USB stick: `callstead comm import FOLDER`.",
        )
    return Result(name, ok=True, found=f"the vendor's lists hold for {left.days} more days")


def _clock_ahead(date: str) -> timedelta:
    """How far this clock is ahead of an HTTP Date; nothing when there is none."""
    try:
        return SystemClock().now() - parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return timedelta(0)


def _undelivered(settings: CommSettings) -> Result:
    name, path = "comm: mails", settings.folder / "comm.db"
    if not path.exists():
        return Result(name, ok=True, found="nothing was sent yet")
    overdue = ago(SystemClock().now(), seconds=settings.console.overdue_after)
    try:
        connection = connect(path, read_only=True)
        try:
            count, last = connection.execute(
                "SELECT count(*), max(last_error) FROM bundles "
                "WHERE state <> 'delivered' AND created_at < ?",
                (overdue,),
            ).fetchone()
            alarm = connection.execute(
                "SELECT sequence, trouble, last_error FROM bundles WHERE state <> 'delivered' "
                "AND trouble IN ('recipient', 'size') ORDER BY trouble, sequence LIMIT 1"
            ).fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        return Result(
            name, ok=False, found=f"not known: {error}", advice="See the check of the database."
        )
    if alarm:
        found = f"bundle {alarm['sequence']} did not leave: {alarm['last_error']}"
        return Result(name, ok=False, found=found, advice=_ADVICE[alarm["trouble"]])
    if count:
        return Result(
            name,
            ok=False,
            found=f"{count} mails have not reached the vendor; {last or 'no answer'}",
            advice="See `callstead comm bundles`, and the check of the mail server above.",
        )
    return Result(name, ok=True, found="the vendor has every mail, or has had no time to answer")
