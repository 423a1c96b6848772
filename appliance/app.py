"""Where what answers is put together; `appliance.process` makes a process of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from flask import Flask
from flask_openapi3 import APIBlueprint

from appliance.api.desk_page import desk_page
from appliance.api.elsewhere import keep_to_roles
from appliance.api.errors import show_fault_numbers
from appliance.api.programs import programs
from appliance.api.reference import reference
from appliance.api.v1.call_out import WayOut
from appliance.api.v1.called_numbers import numbers
from appliance.api.v1.chat import ConversationKeys, visitor_verbs
from appliance.api.v1.desk_looks import LOOK_SECONDS
from appliance.api.v1.desk_verbs import desk_verbs
from appliance.api.v1.faults import faults
from appliance.api.v1.files import FileAddresses, Uploads
from appliance.api.v1.flows import flows
from appliance.api.v1.frames import Frames
from appliance.api.v1.interfaces import add_interfaces, described_application
from appliance.api.v1.looks import Looks
from appliance.api.v1.part_verbs import Beside, desk_part_verbs, visitor_part_verbs
from appliance.api.v1.phone import phone
from appliance.api.v1.problems import told_to_programs
from appliance.api.v1.prompts import prompts
from appliance.api.v1.recordings import recordings
from appliance.api.v1.site import site
from appliance.api.v1.update import update
from appliance.api.widget import widget
from appliance.domain.running import Part, Reporting, trunks_part, webhooks_part
from appliance.domain.users import User
from appliance.entrance import Entrance
from appliance.live.readers import Readers
from appliance.office import Office
from appliance.ops.communications import health_look
from appliance.ops.machine import MachineFacts
from appliance.ops.metrics import Metrics, Sources
from appliance.ops.site_report import site_look
from appliance.process_roles import ALL, ProcessRole, Roles, topic_allowed
from appliance.services.describe_running import DescribeRunning
from appliance.services.record_sign_in import RecordSignIn
from appliance.services.set_queue import QueueForms
from appliance.services.transcript_reads import TranscriptReads
from appliance.services.typing import Typing
from appliance.services.waiting_places import Places
from appliance.services.watch_communications import CommunicationsWatch
from appliance.settings import ApplianceSettings
from appliance.settings.chat import ChatSettings
from appliance.store.accounts import SqlAccounts
from appliance.store.facts import storage_facts
from appliance.store.files import AttachmentFiles
from appliance.store.flows import SqlFlows
from appliance.store.live import SqlLive
from appliance.store.phones import SqlPhones
from appliance.store.queue_form import from_form, to_form
from appliance.store.recordings import SqlRecordings
from appliance.store.reports import SqlBook
from appliance.store.trunks import SqlTrunks
from appliance.telephony.configure import ari_password
from appliance.telephony.facts import switch_facts, trunk_facts
from appliance.telephony.places import Places as TelephonyPlaces
from appliance.telephony.signed_in import SignedIn
from appliance.telephony.speech import speak
from appliance.telephony.tree import Tree
from common.clock import Clock, SystemClock
from common.feed import Asker, MayReadAll, Passing
from common.serving.headers import insist_on_tls
from common.serving.health import health_blueprint
from common.web.accounts import LockRule
from common.web.pages import NavItem, install
from common.web.passwords import Passwords
from common.web.rates import Rates
from common.web.secret import signing_keys
from common.web.signin import SignIn, SignInRules
from common.web.texts import Texts

_MOST_BODY = 1024 * 1024  # forms and JSON alone; where files are taken, see allow_uploads


@dataclass(frozen=True)
class Appliance:
    """A wired appliance: what serves, and what runs beside it."""

    flask: Flask
    office: Office
    watch: CommunicationsWatch
    metrics: Metrics
    may_read: Callable[[Asker, str], float]
    may_read_all: MayReadAll
    frames: Frames
    attachments: AttachmentFiles
    passing: Passing
    places: Places
    person: Callable[[Mapping[str, str]], User | None]


def create_app(
    settings: Callable[[], ApplianceSettings],
    office: Office,
    *,
    reporting: Callable[[], Reporting],
    local_token: str,
    roles: Roles = ALL,
    clock: Clock | None = None,
    passwords: Passwords | None = None,
) -> Appliance:
    """Wire the appliance.

    Args:
        settings: answers those in force; a reload may change the answer.
        office: the data folder and database, opened and migrated.
        reporting: asks whether errors are reported and how many reports wait.
        local_token: lets `callstead appliance status` in; empty: nothing does.
        roles: what of it answers; the rest is answered with where to look.
        clock: for tests.
        passwords: for tests.
    """
    clock = clock or SystemClock()
    at_start = settings()
    watch = CommunicationsWatch(
        at_start.communications,
        health_look(at_start.communications, at_start.ca_file, at_start.comm_timeout_seconds),
        clock,
    )
    sources = Sources(
        machine=MachineFacts(office.folder, clock),
        storage=lambda: storage_facts(office.database),
        communications=lambda: watch.found,
        reporting=reporting,
    )
    running = DescribeRunning(
        sources.machine,
        sources.storage,
        sources.communications,
        reporting,
        switch=lambda: switch_facts(settings().telephony_folder),
        least_disk=lambda: settings().least_disk_mib * 2**20,
        further=lambda: _webhooks_part(office) + _trunks_part(office, settings()),
    )
    metrics = Metrics(sources)

    flask = described_application()
    flask.config["MAX_CONTENT_LENGTH"] = _MOST_BODY
    metrics.watch(flask)
    texts = Texts("appliance")
    install(flask, texts, title="product", nav=[NavItem("pages.home", "desk.title")],
            for_programs=told_to_programs)  # fmt: skip
    show_fault_numbers(flask, texts)
    insist_on_tls(flask, lambda: settings().hsts_days)
    keep_to_roles(flask, roles, texts)
    signing = signing_keys(office.folder)
    accounts = SqlAccounts(office.database, office.users)
    rules = _sign_in_rules(at_start)
    signin = SignIn(
        accounts,
        texts,
        program="appliance",
        keys=signing,
        rules=rules,
        passwords=passwords,
        clock=clock,
        sessions=office.people.sessions,
        factors=office.people.factors,
        on_event=RecordSignIn(
            office.users,
            office.audit,
            office.first,
            lambda outcome: metrics.sign_ins.labels(outcome).inc(),
            Rates(lambda: 1 / 60, lambda: 10, clock),
        ),
    )
    signin.install(flask)
    keys = ConversationKeys(signing)
    entrance = Entrance(
        office, settings, signin, accounts, rules.name_lock, passwords or Passwords(), clock
    )
    entrance.guard(flask)
    head = SqlLive(office.database).head

    def most_length() -> int:
        return settings().chat.most_length

    def chat() -> ChatSettings:
        return settings().chat

    def can_send() -> bool:
        return bool(settings().mail.host)

    switch = Tree(TelephonyPlaces(at_start.telephony_folder).tree)

    def has_switch() -> bool:
        return switch.about is not None

    passing = Passing()
    beside = Beside(Typing(passing.tell), can_send, lambda: chat().most_visits)
    visitor = (*visitor_verbs(head, most_length, entrance.door), *visitor_part_verbs(beside))
    at_desk = (
        *desk_verbs(most_length, lambda: timedelta(days=chat().most_snooze_days)),
        *desk_part_verbs(beside),
    )
    places = Places(office.floor, passing.tell_here)
    attachments = AttachmentFiles(
        Path(at_start.chat.attachments.folder or office.folder / "attachments").resolve(),
        office.vault,
    )
    reads = TranscriptReads(office.audit, clock, LOOK_SECONDS)
    add_interfaces(
        flask,
        floor=office.floor,
        users=office.users,
        audit=office.audit,
        reads=reads,
        forms=QueueForms(to_form, from_form),
        keys=keys,
        head=head,
        book=SqlBook(office.database, clock),
        texts=texts,
        clock=clock,
        visitor=visitor,
        at_desk=at_desk,
        uploads=Uploads(office.floor, attachments, chat),
        addresses=FileAddresses(signing, clock, lambda: chat().attachments.address_minutes),
        most_length=most_length,
        most_private=lambda: timedelta(seconds=settings().telephony.private_seconds),
        places=places,
        looks=Looks(chat, can_send),
        door=entrance.door,
        further=(
            *entrance.blueprints(),
            update(office.update, office.users, office.audit, lambda: settings().updates),
            site(
                office.users,
                site_look(
                    at_start.communications,
                    at_start.dsn,
                    at_start.ca_file,
                    at_start.comm_timeout_seconds,
                ),
            ),
            faults(office.users, Rates(lambda: 0.2, lambda: 10, clock)),
            phone(
                office.floor,
                office.users,
                office.audit,
                _way_out(settings, office, has_switch),
                signing[-1],
            ),
            *_calls(office, at_start, clock),
            recordings(
                office.floor,
                office.users,
                office.audit,
                reads,
                recordings_of(at_start, office, clock),
                signing,
                clock,
            ),
        ),
    )

    flask.register_blueprint(widget())
    flask.register_blueprint(reference(flask))
    flask.register_blueprint(desk_page(office.users, settings))
    flask.register_blueprint(
        programs(running, office.users, metrics, texts, clock, settings, local_token)
    )
    flask.register_blueprint(
        health_blueprint(
            "appliance", lambda: {"database": sources.storage().trouble or True}, clock=clock
        )
    )
    callers = entrance.callers(flask)
    readers = Readers(
        callers, keys.read, office.floor, office.audit, clock,
        lambda topic: topic_allowed(roles, topic),
    )  # fmt: skip
    frames = Frames(
        office.floor,
        visitor if ProcessRole.VISITOR in roles else (),
        at_desk if ProcessRole.DESK in roles else (),
        keys.read,
        callers,
    )
    return Appliance(
        flask, office, watch, metrics, readers, readers.all, frames,
        attachments, passing, places, partial(entrance.person, flask),
    )  # fmt: skip


def _calls(office: Office, settings: ApplianceSettings, clock: Clock) -> list[APIBlueprint]:
    """What is served about calls, beside what is served about every conversation."""
    kept, users, audit = SqlFlows(office.database, clock), office.users, office.audit
    tree = Tree(TelephonyPlaces(settings.telephony_folder).tree)
    return [
        flows(office.floor, users, audit, kept),
        numbers(office.floor, users, audit, SqlPhones(office.database), kept),
        prompts(users, audit, kept, partial(speak, tree)),
    ]


def _way_out(
    settings: Callable[[], ApplianceSettings], office: Office, has_switch: Callable[[], bool]
) -> WayOut:
    """What agents call numbers outside by."""
    telephony, folder = settings().telephony, settings().telephony_folder
    signed_in = SignedIn(telephony.ari_port, lambda: ari_password(TelephonyPlaces(folder)))
    return WayOut(
        lambda: settings().telephony.dialling,
        SqlPhones(office.database).phones,
        signed_in.any,
        has_switch,
    )  # fmt: skip


def recordings_of(settings: ApplianceSettings, office: Office, clock: Clock) -> SqlRecordings:
    """Where what was recorded of calls is kept."""
    folder = Path(settings.telephony.recordings_folder or office.folder / "recordings").resolve()
    return SqlRecordings(office.database, office.vault, folder, clock)


def _trunks_part(office: Office, settings: ApplianceSettings) -> list[Part]:
    names = SqlTrunks(office.database, office.vault).names()
    return trunks_part(trunk_facts(settings.telephony_folder, names))


def _webhooks_part(office: Office) -> list[Part]:
    hooks = office.people.webhooks.all()
    stopped = [one.name for one in hooks if one.disabled_why]
    return webhooks_part([one.name for one in hooks], stopped)


def _sign_in_rules(settings: ApplianceSettings) -> SignInRules:
    lock = LockRule(
        free=settings.sign_in.free_failures,
        first=timedelta(seconds=settings.sign_in.first_lock_seconds),
        longest=timedelta(seconds=settings.sign_in.longest_lock_seconds),
    )
    return SignInRules(
        idle=timedelta(minutes=settings.session.idle_minutes),
        longest=timedelta(hours=settings.session.most_hours),
        name_lock=lock,
        address_lock=LockRule(settings.sign_in.free_failures_per_address, lock.first, lock.longest),
        least_length=settings.sign_in.least_length,
    )
