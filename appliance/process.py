"""A process of the appliance: what it answers, what it does by itself, its place among others."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256

import click

from appliance.app import Appliance, create_app, recordings_of
from appliance.bells import Bell
from appliance.bells.nearby import NearbyBell
from appliance.beside import Beside, Job
from appliance.domain.nodes import BEAT_SECONDS, Node
from appliance.live.phone_socket import PhoneSocket
from appliance.office import Office
from appliance.ops.mail import post
from appliance.ops.post import Poster
from appliance.ops.reporting import reporting_facts, start_reporting
from appliance.ops.turn import Turn
from appliance.process_roles import ALL, FEED, ProcessRole, Roles, in_order, port_key
from appliance.services.attach import sweep
from appliance.services.be_a_node import join, say_here
from appliance.services.first_queue import first_queue
from appliance.services.in_use import in_use
from appliance.services.keep_moving import keep_moving
from appliance.services.send_webhooks import SendWebhooks
from appliance.services.telephony.forget_recordings import forget_recordings
from appliance.services.transcript_mail import TranscriptMail
from appliance.services.transcripts import send_due
from appliance.settings import ApplianceSettings, load_settings
from appliance.store.counting import count_events
from appliance.store.flows import SqlFlows
from appliance.store.leases import SqlLeases
from appliance.store.live import SqlLive, prune
from appliance.store.migrate import alone
from appliance.store.nodes import SqlNodes
from appliance.store.phones import SqlPhones
from appliance.store.reports import forget_reports
from appliance.store.trunks import SqlTrunks
from appliance.telephony.configure import ari_password
from appliance.telephony.link import LOOK_SECONDS, PhoneLink
from appliance.telephony.places import Places
from appliance.telephony.seats import Seats
from common import __version__, logs
from common.atomic import write_secret
from common.care import Drain
from common.clock import Clock, SystemClock
from common.feed import FeedApp, FeedLimits, Fresh, Wakeups
from common.in_care import InCare
from common.jobs import told
from common.mail.server import sender_or_own
from common.serving import TlsIdentity, serve
from common.serving.certificates import ensure_self_signed
from common.settings import Holder
from common.web.secret import signing_keys
from common.web.texts import Texts

_CHECKPOINT_SECONDS = 1  # so that each is small
_MAIL_SECONDS = 5  # a look costs one small question; a visitor waits for the mail
_FOR_ITS_CALLS = "phone"  # and the one that holds the switch's calls
_FOR_THE_ONE = "worker"  # the lease that the one working worker holds


def run_appliance(roles: Roles = ALL) -> None:
    """`callstead appliance run`: until SIGTERM or Ctrl-C.

    Raises:
        OperatorError: a setting, the folder, the database or the port must be mended.
    """
    holder = Holder(load_settings)
    settings = holder.current
    logs.set_up("appliance", settings.log_level)
    waking, drain = _Waking(), Drain()
    clock = SystemClock()
    with Office.opened(settings, clock, waking.committed, drain) as office:
        transport = start_reporting(settings)
        try:
            local_token = secrets.token_urlsafe(32)
            appliance = create_app(
                lambda: holder.current,
                office,
                reporting=reporting_facts(transport),
                local_token=local_token,
                roles=roles,
            )
            process = _Process(
                appliance, settings, roles, waking, local_token, lambda: holder.current
            )
            serves_people = bool(roles & {ProcessRole.VISITOR, ProcessRole.DESK})
            storage = SqlLive(office.database)
            feed = FeedApp(
                FEED, storage, appliance.may_read, may_read_all=appliance.may_read_all,
                wakeups=waking.here, commands=appliance.frames, passing=appliance.passing,
                limits=FeedLimits(
                    readers=settings.chat.most_connections,
                    commands=settings.chat.commands_a_second,
                ),
            )  # fmt: skip
            phones = _desk_phones(settings, appliance)
            serve(
                name="appliance",
                host=settings.host,
                port=settings.port_of(roles),
                port_setting=f"appliance.{port_key(roles)}",
                flask=appliance.flask,
                feed=feed if serves_people else None,
                socket=phones if ProcessRole.DESK in roles else None,
                tls=_identity(settings),
                proxies=settings.proxies,
                on_start=process.start,
                on_stop=process.stop,
                on_reload=lambda: logs.set_up("appliance", holder.reload().log_level),
                around=InCare(
                    Texts("appliance"),
                    busy=(lambda: in_use(office.floor, office.update)) if serves_people else str,
                    drain=drain,
                ),
                threads=settings.threads,
            )
        finally:
            transport.kill()


def _desk_phones(settings: ApplianceSettings, appliance: Appliance) -> PhoneSocket:
    places = Places(settings.telephony_folder)
    seats = Seats(settings.telephony.ari_port, lambda: ari_password(places))
    key = signing_keys(appliance.office.folder)[-1]
    return PhoneSocket(appliance.person, seats, key, settings.telephony.ari_port)


def _identity(settings: ApplianceSettings) -> TlsIdentity:
    with alone(settings.folder):  # of processes that begin together, one makes it
        found = ensure_self_signed(settings.tls_folder, settings.names)
    return replace(found, oldest=settings.oldest_tls)


class _Waking:
    """What a commit sets off: readers of this process look, and those of the others are told."""

    def __init__(self) -> None:
        self.here = Wakeups()
        self.bell: Bell | None = None
        self.phone: PhoneLink | None = None

    def heard(self) -> None:
        """Another process has committed something."""
        self.here.notify()
        if self.phone is not None:
            self.phone.wake()

    def committed(self, fresh: Sequence[Fresh]) -> None:
        self.here.notify(fresh)
        if self.phone is not None:
            self.phone.committed(fresh)
        if self.bell is not None:
            self.bell.ring()


class _Process:
    """What begins when the port is ours, and ends with the last request."""

    def __init__(
        self,
        appliance: Appliance,
        settings: ApplianceSettings,
        roles: Roles,
        waking: _Waking,
        local_token: str,
        current: Callable[[], ApplianceSettings],
    ) -> None:
        self._current, self._texts = current, Texts("appliance")
        self._office = office = appliance.office
        self._local_token = local_token
        self._updating = False
        self._decline_pause = settings.decline_pause_seconds
        self._passing = appliance.passing
        self._token_file = settings.local_token_file if ProcessRole.DESK in roles else None
        self._clock = clock = SystemClock()
        self._nodes = SqlNodes(office.database)
        self._me = _this_node(settings, roles, office, clock)
        self._waking = waking
        waking.bell = _bell(settings, office)
        turn = Turn(
            SqlLeases(office.database), _FOR_THE_ONE, self._me.id, clock,
            settings.nodes.lease_seconds,
        )  # fmt: skip
        self._phone = waking.phone = _phone(current, office, self._me, clock, roles)
        live = timedelta(hours=settings.chat.live_hours)
        reports = timedelta(days=settings.reports.keep_days)
        worker = ProcessRole.WORKER
        self._webhooks = _webhooks(settings, office, clock)
        self._beside = Beside(
            roles,
            [
                Job(BEAT_SECONDS, self._say_here),
                Job(_CHECKPOINT_SECONDS, office.database.checkpoint),
                Job(settings.comm_look_seconds, appliance.watch.look),
                Job(1, self._keep_moving, worker),
                *([Job(LOOK_SECONDS, self._phone.look)] if self._phone else []),
                Job(5, partial(count_events, office.floor), worker),
                Job(3600, lambda: prune(office.database, clock.now() - live), worker),
                Job(3600, partial(sweep, office.floor, appliance.attachments, clock), worker),
                Job(2, self._webhooks.begin, worker),
                Job(3600, lambda: office.people.forget(clock.now(), settings), worker),
                Job(5, appliance.places.tell_news, ProcessRole.VISITOR),
                Job(_MAIL_SECONDS, self._send_transcripts, worker),
                Job(
                    3600,
                    lambda: forget_recordings(
                        office.floor,
                        recordings_of(settings, office, clock),
                        office.audit,
                        clock.now(),
                        settings.telephony.recordings_days,
                    ),
                    worker,
                ),
                Job(3600, lambda: forget_reports(office.database, clock.now() - reports), worker),
            ],
            turn,
        )

    def start(self) -> None:
        """Make the first administrator if there is none, and begin to look around."""
        office = self._office
        join(self._nodes, self._me, self._clock)
        if self._token_file:
            write_secret(self._token_file, self._local_token.encode())
        _greet(office)
        office.floor.write(first_queue)
        assert self._waking.bell is not None  # noqa: S101 - set when this was made
        passing = self._passing
        passing.beyond = self._waking.bell.tell
        self._waking.bell.start(self._waking.heard, passing.heard)
        self._beside.start()

    def stop(self) -> None:
        """Leave in order."""
        with told():  # the database may be away
            self._webhooks.stop()
        with told():
            self._beside.stop()
        with told():
            if self._phone is not None:
                self._phone.stop()
        if self._waking.bell is not None:
            self._waking.bell.stop()
        if self._token_file:
            self._token_file.unlink(missing_ok=True)
        with told():
            self._nodes.leave(self._me.id)

    def _keep_moving(self) -> None:
        self._updating = keep_moving(self._office.floor, self._updating, self._decline_pause)

    def _send_transcripts(self) -> None:
        mail = self._current().mail
        if mail.host:
            compose = TranscriptMail(self._texts, sender_or_own(mail.sender), mail.most_messages)
            send_due(self._office.floor, compose, partial(post, mail))

    def _say_here(self) -> None:
        # The vault's keys may have been rotated meanwhile.
        say_here(self._nodes, replace(self._me, key=_keys_of(self._office)), self._clock)


def _phone(
    current: Callable[[], ApplianceSettings], office: Office, me: Node, clock: Clock, roles: Roles
) -> PhoneLink | None:
    if ProcessRole.PHONE not in roles:
        return None
    settings = current()
    leases = SqlLeases(office.database)
    turn = Turn(leases, _FOR_ITS_CALLS, me.id, clock, settings.nodes.lease_seconds)
    return PhoneLink(
        office.floor, SqlLive(office.database), SqlPhones(office.database), turn, current,
        SqlFlows(office.database, clock), Texts("appliance"), clock,
        recordings_of(settings, office, clock), office.audit,
        SqlTrunks(office.database, office.vault).names,
        lambda seconds: leases.keep_silence(clock.now(), seconds),
    )  # fmt: skip


def _webhooks(settings: ApplianceSettings, office: Office, clock: Clock) -> SendWebhooks:
    post = Poster(
        timeout=lambda: settings.webhooks.timeout_seconds,
        private=lambda: settings.webhook_networks,
        ca_file=settings.webhooks.ca_file,
    )
    return SendWebhooks(
        office.people.webhooks, post.kept, office.audit, clock,
        lambda: timedelta(days=settings.webhooks.stop_after_days),
        lambda: settings.webhooks.log_every,
    )  # fmt: skip


def _this_node(settings: ApplianceSettings, roles: Roles, office: Office, clock: Clock) -> Node:
    now = clock.now()
    return Node(
        id=secrets.token_hex(16),
        machine=settings.nodes.name or socket.gethostname(),
        port=settings.port_of(roles),
        roles=in_order(roles),
        version=__version__,
        key=_keys_of(office),
        started_at=now,
        seen_at=now,
    )


def _keys_of(office: Office) -> str:
    names = " ".join(office.vault.ids).encode()
    return sha256(_oldest_key(office) + names).hexdigest()


def _oldest_key(office: Office) -> bytes:
    """Nodes are of one appliance by this, also while one has a new key already."""
    return signing_keys(office.folder)[0]


def _bell(settings: ApplianceSettings, office: Office) -> Bell:
    if settings.nodes.redis_url:
        from appliance.bells.by_redis import RedisBell  # noqa: PLC0415 - slow, and seldom wanted

        # The key is the same on all nodes of one appliance, and on no other's.
        name = sha256(b"bell" + _oldest_key(office)).hexdigest()[:32]
        return RedisBell(settings.nodes.redis_url, f"callstead:{name}")
    return NearbyBell(office.folder)


def _greet(office: Office) -> None:
    first = office.first_administrator()
    if first is not None:  # not the password: what is printed is a log that others read
        path = office.first.path
        click.echo(f"The first sign-in is kept in {path} until its password is changed.")
