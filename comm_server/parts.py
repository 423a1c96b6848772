"""Wires the room's parts; the web, the clockwork and the command line are built on them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from comm_server.bundle import Collector
from comm_server.courier import Courier
from comm_server.disk import DiskGuard, Limits
from comm_server.fleet.clients import Fleet
from comm_server.mending import Mender
from comm_server.mirror import Accepted, Mirror, Refused
from comm_server.mirror.inbox import PushInbox
from comm_server.mirror.pull import Puller
from comm_server.mirror.records import Warn
from comm_server.outbox import Outbox
from comm_server.rollout.orders import Orders
from comm_server.rollout.rings import site_rings
from comm_server.rollout.service import Rollout
from comm_server.schema import migrations
from comm_server.settings import CommSettings, DiskSettings, load_settings
from comm_server.site import Site, load_site
from common.clock import Clock, SystemClock, stamp
from common.feed.events import append
from common.serving.certificates import SiteAuthority
from common.settings import Holder
from common.spool import Store
from common.window import Window

UPDATES = "updates"


@dataclass(frozen=True)
class Parts:
    """The wired parts."""

    settings: Holder[CommSettings]
    folder: Path
    site: Site
    store: Store
    fleet: Fleet
    rollout: Rollout
    orders: Orders
    outbox: Outbox
    collector: Collector
    courier: Courier
    mirror: Mirror
    puller: Puller
    authority: SiteAuthority
    clock: Clock
    disk: DiskGuard
    mender: Mender

    def pull(self) -> Accepted | Refused:
        """Look for releases at the vendor; what the mirror answers."""
        return self.puller.pull()

    def take_push(self) -> Accepted | Refused | None:
        """Take what the vendor pushed, if a push is complete; None when there is none."""
        limits = self.settings.current.mirror
        if not limits.inbox:
            return None
        folder = Path(limits.inbox)
        inbox = PushInbox(
            folder, self.mirror, self.clock, keep=limits.inbox_keep, most=limits.inbox_most
        )
        return inbox.look()

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()


def create_parts(
    *,
    clock: Clock | None = None,
    on_commit: Callable[[], None] | None = None,
    serving: bool = False,
) -> Parts:
    """Everything but the web and the clockwork. Raises OperatorError before `comm init`.

    Args:
        clock: for tests.
        on_commit: called after each commit of this process.
        serving: this process serves, and holds `Mender.alone`: it mends a damaged database.
    """
    holder = Holder(_settings)
    settings = holder.current
    clock = clock or SystemClock()
    folder = settings.folder
    site = load_site(folder)
    disk = DiskGuard(folder, lambda: _limits(holder.current.disk), clock)
    mender = Mender(folder / "comm.db", lambda: holder.current.disk, clock)
    if serving:
        mender.before_opening()
    store = Store(
        folder / "comm.db",
        migrations(),
        on_commit=on_commit,
        on_error=disk.failed if serving else None,
        mend=mender.mend if serving else None,
    )
    if serving:
        mender.opened(store)
    fleet = Fleet(store, clock)
    outbox = Outbox(store, clock)
    rollout = Rollout(
        store,
        lambda: holder.current.rollout,
        lambda: holder.current.console.silent_after,
        clock,
        _look_again,
    )
    collector = Collector(
        store,
        site,
        fleet,
        clock,
        lambda: holder.current.acknowledgements.address,
        lambda: holder.current.logs,
        rollout,
        scrubbing=lambda: holder.current.scrub,
    )
    mirror = Mirror(
        folder / "mirror",
        site.root,
        store,
        fleet.subscriptions,
        _announce,
        running=fleet.running,
        clock=clock,
        warn=_halt_by_vendor(clock),
    )
    return Parts(
        settings=holder,
        folder=folder,
        site=site,
        store=store,
        fleet=fleet,
        rollout=rollout,
        orders=Orders(rollout, lambda: holder.current.rollout.rings),
        outbox=outbox,
        collector=collector,
        courier=Courier(store, site, collector, outbox, lambda: holder.current, clock),
        mirror=mirror,
        puller=Puller(
            mirror, site.releases_url, site.home_ca, lambda: holder.current.mirror, clock
        ),
        authority=SiteAuthority(folder / "authority"),
        clock=clock,
        disk=disk,
        mender=mender,
    )


def _limits(settings: DiskSettings) -> Limits:
    return Limits(settings.ballast, settings.least_free, settings.resume_free)


def _settings() -> CommSettings:
    """Checked further than their types. Raises OperatorError."""
    settings = load_settings()
    site_rings(settings.rollout.rings)
    if settings.rollout.window:
        s = settings.rollout
        Window(s.window, s.window_minutes, s.window_zone).check()
    return settings


def _look_again(connection: sqlite3.Connection, product: str, version: str) -> None:
    """Something about a release changed here: its turn came, or it is to be left."""
    append(connection, UPDATES, "turn", {"product": product, "version": version})


def _halt_by_vendor(clock: Clock) -> Warn:
    """What the vendor says against a release halts it here too, and no longer when it is lifted."""

    def warn(
        connection: sqlite3.Connection, product: str, version: str, before: str, now: str
    ) -> None:
        connection.execute(
            "DELETE FROM halts WHERE product = ? AND version = ? AND reason = ?",
            (product, version, before),
        )
        if now:
            connection.execute(
                "INSERT INTO halts (product, version, reason, at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (product, version) DO NOTHING",
                (product, version, now, stamp(clock.now())),
            )

    return warn


def _announce(
    connection: sqlite3.Connection, product: str, channel: str, platform: str, version: str
) -> None:
    append(
        connection,
        UPDATES,
        "release",
        {"product": product, "channel": channel, "platform": platform, "version": version},
    )
