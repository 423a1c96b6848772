"""`callstead appliance telephony …`."""

from __future__ import annotations

import secrets
import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import click

from appliance.domain.telephony.phones import Number, Phone, digest_of, is_extension, is_number
from appliance.domain.telephony.trunks import Registration, Trunk, TrunkError
from appliance.office import Office
from appliance.ops.reporting import start_reporting
from appliance.settings import ApplianceSettings, load_settings
from appliance.store.flows import SqlFlows
from appliance.store.phones import SqlPhones
from appliance.store.trunks import SqlTrunks
from appliance.telephony.facts import trunk_facts
from appliance.telephony.install import install
from appliance.telephony.places import Places
from appliance.telephony.running import Switch, keep_running
from common import logs
from common.cli import group as room_group
from common.cli import json_option, show
from common.clock import SystemClock
from common.errors import OperatorError
from common.locks import exclusive
from common.watchdog import Watchdog

T = TypeVar("T")

_PASSWORD_BYTES = 12
_LOCK_SECONDS = 30  # the one before may still be ending its switch


@room_group()
def telephony() -> None:
    """The telephones: the switch, desk phones, and the numbers that people call."""


@telephony.command("install")
@click.option("--again", is_flag=True, help="Also when a working switch is there.")
def install_switch(again: bool) -> None:
    """Fetch Asterisk 22 as Debian packages into the data folder, and try it.

    Needs no root. May be cut off at any moment: what was fetched is kept, and the switch that was
    there stays until the new one has shown that it starts.
    """
    settings = load_settings()
    install(
        Places(settings.telephony_folder), settings.telephony, SystemClock(), click.echo,
        again=again,
    )  # fmt: skip


@telephony.command()
def run() -> None:
    """Run the switch and look after it, until SIGTERM or Ctrl-C, which end its calls.

    When this program is killed, or ends by SIGHUP, the switch goes on with its calls, and is found
    again by the next one: so a new release takes over without cutting a call.
    """
    settings = load_settings()
    logs.set_up("telephony", settings.log_level)
    places, clock = Places(settings.telephony_folder), SystemClock()
    places.make()
    stop, leaves = threading.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def leave(*_: object) -> None:
        leaves.set()
        stop.set()

    signal.signal(signal.SIGHUP, leave)
    watchdog = Watchdog()
    busy = "The switch is already being looked after by process {holder}."
    with (
        exclusive(places.run_lock, busy=busy, wait=_LOCK_SECONDS, clock=clock),
        Office.opened(settings, clock) as office,
    ):
        transport = start_reporting(settings)
        beating = threading.Thread(target=_beat, args=(watchdog, stop), daemon=True)
        beating.start()
        try:
            keep_running(
                Switch(
                    places, settings.telephony, clock, SqlTrunks(office.database, office.vault).all
                ),
                SqlPhones(office.database).phones,
                stop,
                partial(_ready, watchdog, settings),
                leaves,
            )
        finally:
            stop.set()
            beating.join()
            watchdog.stopping()
            watchdog.close()
            transport.kill()


@telephony.group()
def phone() -> None:
    """Desk phones."""


@phone.command("add")
@click.argument("extension")
@click.option("--agent", required=True, help="The sign-in name of whose it is.")
def add_phone(extension: str, agent: str) -> None:
    """Give the agent a desk phone under EXTENSION, and print its password once.

    The phone signs in with the extension as its name. A password that was given before is void.
    """
    if not is_extension(extension):
        raise OperatorError(f"An extension has 2 to 10 digits; {extension!r} has not.")

    def keep(office: Office) -> str:
        user = office.users.by_name(agent)
        if user is None:
            raise OperatorError(
                f"There is nobody called {agent!r}; `callstead appliance user list` lists all."
            )
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        SqlPhones(office.database).keep_phone(
            Phone(extension, user.id, digest_of(extension, password))
        )
        return password

    click.echo(f"Password of the phone {extension}: {_with_office(keep)}")


@phone.command("remove")
@click.argument("extension")
def remove_phone(extension: str) -> None:
    """Let nobody sign in as EXTENSION any more."""
    if not _with_office(lambda office: SqlPhones(office.database).drop_phone(extension)):
        raise OperatorError(f"There is no phone {extension}.")


@phone.command("list")
@json_option
def list_phones(as_json: bool) -> None:
    """List the desk phones and whose they are."""

    def find(office: Office) -> list[dict[str, str]]:
        names = {user.id: user.name for user in office.users.all()}
        return [
            {"extension": one.extension, "agent": names.get(one.agent, "")}
            for one in SqlPhones(office.database).phones()
        ]

    found = _with_office(find)
    lines = [f"{one['extension']:12} {one['agent']}" for one in found]
    show(found, as_json, "\n".join(lines) or "No phones yet.")


@telephony.group()
def number() -> None:
    """The numbers that people outside call."""


@number.command("add")
@click.argument("called")
@click.option("--queue", required=True, help="The name of the queue in which callers wait.")
@click.option("--flow", default="", help="The name of the flow that they go through first.")
def add_number(called: str, queue: str, flow: str) -> None:
    """Let whoever calls the number CALLED wait in the queue, or go through a flow."""
    if not is_number(called):
        raise OperatorError(f"A number has digits, and a + before them perhaps; not {called!r}.")

    def keep(office: Office) -> None:
        queues = office.floor.read(lambda work: work.queues()).values()
        found = next((one for one in queues if one.name == queue), None)
        if found is None:
            known = ", ".join(one.name for one in queues) or "none yet"
            raise OperatorError(f"There is no queue called {queue!r}; there are: {known}.")
        flows = SqlFlows(office.database, SystemClock()).all() if flow else []
        through = next((one for one in flows if one.name == flow), None)
        if flow and through is None:
            known = ", ".join(one.name for one in flows) or "none yet"
            raise OperatorError(f"There is no flow called {flow!r}; there are: {known}.")
        SqlPhones(office.database).keep_number(
            Number(called, found.id, through.id if through else None)
        )

    _with_office(keep)
    first = f"goes through {flow}, or " if flow else ""
    click.echo(f"Whoever calls {called} {first}waits in {queue}.")


@number.command("remove")
@click.argument("called")
def remove_number(called: str) -> None:
    """Answer the number CALLED no more."""
    if not _with_office(lambda office: SqlPhones(office.database).drop_number(called)):
        raise OperatorError(f"The number {called} is not answered anyway.")


@number.command("list")
@json_option
def list_numbers(as_json: bool) -> None:
    """List the numbers and their queues."""

    def find(office: Office) -> list[dict[str, str]]:
        names = {one.id: one.name for one in office.floor.read(lambda w: w.queues()).values()}
        return [
            {"number": one.number, "queue": names.get(one.queue, "")}
            for one in SqlPhones(office.database).numbers()
        ]

    found = _with_office(find)
    lines = [f"{one['number']:24} {one['queue']}" for one in found]
    show(found, as_json, "\n".join(lines) or "No numbers yet.")


@telephony.group()
def trunk() -> None:
    """Trunks of providers that know us by a name and a password, and with whom we register."""


@trunk.command("add")
@click.argument("name")
@click.option("--server", required=True, help="The provider's address, with a port perhaps.")
@click.option("--user", required=True, help="By which the provider knows us.")
@click.option("--number", default="", help="To which its calls come, unless it names another.")
@click.option(
    "--password",
    prompt=True,
    hide_input=True,
    envvar="CALLSTEAD_TRUNK_PASSWORD",
    help="Better left out: it is asked for, and then stands in no list of processes.",
)
def add_trunk(name: str, server: str, user: str, number: str, password: str) -> None:
    """Register as USER with a provider, under our NAME for it; again: with other particulars.

    The running switch follows within seconds; `callstead doctor` says how it stands.
    """
    try:
        kept = Trunk(name, server, user, password, number or user)
    except TrunkError as error:
        raise OperatorError(str(error)) from error
    _with_office(lambda office: SqlTrunks(office.database, office.vault).keep(kept))
    click.echo(f"The trunk {name} registers with {server}. Its calls come to {kept.number}.")


@trunk.command("remove")
@click.argument("name")
def remove_trunk(name: str) -> None:
    """Register with this provider no more."""
    if not _with_office(lambda office: SqlTrunks(office.database, office.vault).drop(name)):
        raise OperatorError(f"There is no trunk {name!r}.")


@trunk.command("list")
@json_option
def list_trunks(as_json: bool) -> None:
    """List the trunks that we register with, and how they stand."""
    trunks = _with_office(lambda office: SqlTrunks(office.database, office.vault).all())
    stands = trunk_facts(load_settings().telephony_folder, [one.name for one in trunks])
    found = [
        {"name": one.name, "server": one.server, "user": one.user, "number": one.number,
         "state": str(stands.get(one.name, Registration.UNKNOWN))}
        for one in trunks
    ]  # fmt: skip
    lines = []
    for one in found:
        state = one["state"].replace("_", " ")
        lines.append(f"{one['name']:16} {state:12} {one['user']} at {one['server']}")
    show(found, as_json, "\n".join(lines) or "No trunks yet.")


def _with_office(use: Callable[[Office], T]) -> T:
    with Office.opened(load_settings(), SystemClock()) as office:
        return use(office)


def _ready(watchdog: Watchdog, settings: ApplianceSettings, version: str) -> None:
    click.echo(f"Asterisk {version} answers SIP on port {settings.telephony.sip_port}.")
    watchdog.ready()


def _beat(watchdog: Watchdog, stop: threading.Event) -> None:
    while not stop.wait(watchdog.interval):
        watchdog.beat()
