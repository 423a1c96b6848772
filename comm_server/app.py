"""Puts the communications server together."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Flask

from comm_server.console import add_console, site_report
from comm_server.digest import digest_some
from comm_server.dsns import dsn_url, ensure_dsn
from comm_server.fleet import logs as fleet_logs
from comm_server.fleet import web as fleet_web
from comm_server.fleet.clients import Fleet
from comm_server.housekeeping import tidy
from comm_server.intake.listen import Listeners
from comm_server.intake.web import IntakeDoor
from comm_server.mending import Mender
from comm_server.mirror.web import mirror_blueprint
from comm_server.opening import Opening
from comm_server.parts import UPDATES, Parts, create_parts
from comm_server.settings import PRODUCT, load_settings
from comm_server.understander import Understander
from common import __version__, care, reporting
from common.clock import SystemClock
from common.feed import Asker, FeedApp, FeedReader, Wakeups
from common.in_care import InCare
from common.jobs import Jobs, told
from common.logs import get_logger
from common.serving import TlsIdentity, make_server
from common.serving.health import health_blueprint
from common.serving.tls import server_context
from common.web.texts import Texts

log = get_logger(__name__)
PROGRAM = "comm_server"
MACHINE = "communications-server"
# Rings widen after minutes of quiet; a halt by a report shall not wait for long.
ROLLOUT_SECONDS = 2.0
# Looking for mails takes milliseconds, handing one over longer; the updater waits for two seconds.
_MAIL_PATIENCE = 0.5


def create_app(parts: Parts) -> Flask:
    """Pages and REST, but for the intake."""
    app = Flask(__name__)
    app.register_blueprint(health_blueprint("comm", lambda: _checks(parts)))
    door = fleet_web.ClientDoor(
        store=parts.store,
        fleet=parts.fleet,
        rollout=parts.rollout,
        authority=parts.authority,
        site_name=parts.site.name,
        clock=parts.clock,
        port=lambda: parts.settings.current.port,
    )
    fleet_web.add_routes(app, door)
    fleet_logs.add_routes(app, door, lambda: parts.settings.current.logs, lambda: parts.disk.taking)
    app.register_blueprint(
        mirror_blueprint(parts.mirror.live, fleet_web.guard(parts.fleet), parts.mirror.asked.ask),
        url_prefix="/releases",
    )
    site_report.add_route(app, parts)
    add_console(app, parts)
    return app


def create_intake(parts: Parts) -> IntakeDoor:
    """What takes reports over HTTP, on the event loop."""
    return IntakeDoor(parts.store, lambda: parts.settings.current.intake, parts.clock, parts.disk)


def serve() -> None:
    """Run until SIGTERM or SIGINT. Raises OperatorError: another one runs on the same data."""
    settings = load_settings()
    mender = Mender(settings.folder / "comm.db", lambda: settings.disk, SystemClock())
    with mender.alone():
        _serve()


def _serve() -> None:
    wakeups = Wakeups()
    arrived = threading.Event()

    def committed() -> None:
        wakeups.notify()
        arrived.set()

    parts = create_parts(on_commit=committed, serving=True)
    settings = parts.settings.current
    identity = parts.authority.server_identity(settings.names)
    _report_own_errors(parts, identity)
    feed = FeedApp(
        "/client/feed",
        FeedReader(parts.store),
        lambda asker, topic: _may_read(parts.fleet, asker, topic),
        wakeups=wakeups,
    )
    listeners = Listeners(
        settings.host,
        settings.intake,
        parts.store,
        parts.clock,
        lambda: server_context(identity),
        parts.disk,
    )
    drain = care.Drain()
    work = Clockwork(parts, arrived, drain)
    intake = create_intake(parts)
    in_care = InCare(Texts("comm_server"), busy=work.busy, drain=drain, cuts=intake.handles)
    opening = Opening(
        in_care.doors.closed, [(listeners.start, listeners.stop), (work.start, work.stop)]
    )

    def start() -> None:
        parts.disk.start(parts.store)
        opening.start()

    plain = ("/healthz", "/api/", "/v1/logs") if settings.intake.allow_plain_http else ("/healthz",)
    try:
        make_server(
            name="comm",
            host=settings.host,
            port=settings.port,
            port_setting="comm.port",
            flask=create_app(parts),
            feed=feed,
            direct=intake,
            tls=identity,
            plain_prefixes=plain,
            around=in_care,
            on_start=start,
            on_stop=opening.stop,
            on_reload=lambda: _reload(parts),
        ).run()
    finally:
        parts.close()


class Clockwork:
    """What runs by itself: the digest when something arrives, the rest by time."""

    def __init__(self, parts: Parts, arrived: threading.Event, drain: care.Drain) -> None:
        self._parts = parts
        self._drain = drain
        self._mailing = threading.Lock()
        self._arrived = arrived
        self._leave = threading.Event()
        self._digest = threading.Thread(target=self._digest_all, name="digest", daemon=True)
        self._understander = Understander()
        self._jobs = Jobs()

    def start(self) -> None:
        """Begin; what a kill left half-way at the mirror is finished first."""
        parts = self._parts
        with told():
            parts.mirror.recover()
        every = parts.settings.current.mirror.every
        self._jobs.every(1, self._carry)
        self._jobs.every(1, lambda: parts.disk.look(parts.store))
        self._jobs.every(3600, lambda: parts.mender.look(parts.store))
        self._jobs.every(every, lambda: self._with_room(parts.pull), jitter=every / 10)
        self._jobs.every(1, lambda: self._with_room(parts.puller.pull_asked))
        self._jobs.every(parts.settings.current.mirror.inbox_every, parts.take_push)
        self._jobs.every(3600, parts.mirror.alarm_when_expired, at_once=True)
        self._jobs.every(ROLLOUT_SECONDS, parts.rollout.run_once, at_once=True)
        self._jobs.every(
            3600, lambda: tidy(parts.store, parts.settings.current, parts.clock), at_once=True
        )
        self._digest.start()
        self._jobs.start()

    def stop(self) -> None:
        """End after the work at hand."""
        self._leave.set()
        self._arrived.set()
        self._parts.puller.stop()
        self._jobs.stop()
        if self._digest.is_alive():
            self._digest.join(30)

    def busy(self) -> str:
        """Why this program is not to be restarted now; empty when it may be.

        Everything here goes on after a restart; a mail half handed over would only go twice.
        """
        if self._mailing.acquire(timeout=_MAIL_PATIENCE):
            self._mailing.release()
            return ""
        return "a mail is on its way home"

    def _carry(self) -> None:
        with self._mailing:
            if not self._drain.on:
                self._parts.courier.run_once()

    def _with_room(self, work: Callable[[], object]) -> None:
        # Releases are large: they wait for room like reports, and for the end of a drain.
        if self._parts.disk.taking and not self._drain.on:
            work()

    def _digest_all(self) -> None:
        while not self._leave.is_set():
            self._arrived.clear()
            done = 0
            with told():
                settings = self._parts.settings.current
                done = digest_some(
                    self._parts.store,
                    settings.intake,
                    settings.scrub.rules,
                    self._understander,
                    self._leave.is_set,
                )
            if not done:
                self._arrived.wait(1.0)
        self._understander.close()


def _may_read(fleet: Fleet, asker: Asker, topic: str) -> bool:
    return topic == UPDATES and fleet.by_certificate(asker.peer) is not None


def _reload(parts: Parts) -> None:
    parts.settings.reload()


def _checks(parts: Parts) -> dict[str, bool | str]:
    return {
        "database": parts.store.value("SELECT 1") == 1,
        "disk": parts.disk.trouble or True,
    }


def _report_own_errors(parts: Parts, identity: TlsIdentity) -> None:
    """This program's own failures take the same way as everybody's: through its own intake."""
    number, key = ensure_dsn(parts.store, PROGRAM, MACHINE, parts.clock)
    own = dsn_url(number, key, "https", "localhost", parts.settings.current.port)
    given = care.given(PRODUCT)  # then it is a release of that name, which its reports can halt
    reporting.set_up(
        dsn=given.get("dsn", own),
        release=None if given else f"{PROGRAM}@{__version__}",
        spool=parts.folder / "own-reports",
        ca_file=identity.client_ca,
        server_name=MACHINE,
        auto_enabling_integrations=False,  # looking for every known library costs a second
    )
