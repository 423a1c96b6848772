"""`callstead appliance …`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
import requests

from appliance.app import recordings_of
from appliance.cli.keys import keys
from appliance.cli.telephony import telephony
from appliance.domain.audit import verify
from appliance.domain.roles import Role
from appliance.domain.users import User
from appliance.office import Office
from appliance.process import run_appliance
from appliance.process_roles import ProcessRole, roles_of
from appliance.services.add_user import add_user
from appliance.services.reset_password import reset_password
from appliance.services.telephony.recordings_on_record import differing
from appliance.settings import ApplianceSettings, load_settings
from common.cli import group as room_group
from common.cli import json_option, show
from common.clock import SystemClock, stamp
from common.errors import NetworkError, OperatorError, RefusedError, RemoteError
from common.web.passwords import Passwords

_WHO = "command line"
_TIMEOUT = 10.0  # seconds; the server is on this machine


@room_group()
def group() -> None:
    """The call-centre application."""


group.add_command(telephony)


@group.command()
@click.option(
    "--roles",
    default=",".join(ProcessRole),
    show_default=True,
    help="What this process carries, with commas between.",
)
def run(roles: str) -> None:
    """Run until SIGTERM or Ctrl-C; SIGHUP reads the settings again.

    With fewer roles than all, other processes carry the rest, on this machine or on others:
    visitor answers web visitors, desk the people who work here, worker does what is due by time,
    phone is kept for the telephony.
    """
    run_appliance(roles_of(roles))


@group.command()
@json_option
def status(as_json: bool) -> None:
    """Say what is running, as the running appliance sees it."""
    answer = _ask_status(load_settings())
    lines = []
    for part in answer["parts"]:
        lines.append(f"{part['status']:10} {part['name']}: {part['found']}")
        if part["advice"]:
            lines.append(f"{'':10} -> {part['advice']}")
    show(answer, as_json, "\n".join(lines))


group.add_command(keys)


@group.group()
def user() -> None:
    """The people who may sign in."""


@user.command("list")
@json_option
def list_users(as_json: bool) -> None:
    """List everybody, with role, last sign-in and lock."""
    with Office.opened(load_settings(), SystemClock()) as office:
        locked = office.users.locked_until()
        people = [_as_json(person, locked.get(person.name)) for person in office.users.all()]
    lines = [
        f"{p['name']:24} {p['role']:14} {p['last_sign_in'] or 'never signed in':26} {p['note']}"
        for p in people
    ]
    show(people, as_json, "\n".join(line.rstrip() for line in lines) or "Nobody yet.")


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([str(role) for role in Role]), required=True)
@click.option("--display-name", default="", help="As others see it; the name if not given.")
def add(name: str, role: str, display_name: str) -> None:
    """Add NAME and print a one-time password for the first sign-in."""
    with Office.opened(load_settings(), SystemClock()) as office:
        password = add_user(
            office.users,
            office.audit,
            Passwords().hash,
            name=name,
            display_name=display_name,
            role=Role(role),
            who=_WHO,
        )
    click.echo(f"One-time password of {name}: {password}")


@user.command("reset-password")
@click.argument("name")
def reset(name: str) -> None:
    """Print a new one-time password for NAME; ends locks and sessions."""
    with Office.opened(load_settings(), SystemClock()) as office:
        password = reset_password(
            office.users, office.audit, office.first, Passwords().hash, name=name, who=_WHO
        )
    click.echo(f"One-time password of {name}: {password}")


@group.group()
def audit() -> None:
    """The record of who did what."""


@audit.command("list")
@click.option("--most", type=click.IntRange(1, 1000), default=50, help="How many lines.")
@json_option
def list_audit(most: int, as_json: bool) -> None:
    """List the newest lines, newest first."""
    with Office.opened(load_settings(), SystemClock()) as office:
        lines = office.audit.latest(most)
    found = [{**vars(line), "at": stamp(line.at)} for line in lines]
    text = "\n".join(
        f"{line['number']:8} {line['at'][:19]} {line['who']:20} {line['what']:28} "
        f"{line['subject']:24} {line['address']}".rstrip()
        for line in found
    )
    show(found, as_json, text or "Nothing was done yet.")


@audit.command("verify")
@click.option("--number", type=click.IntRange(1), help="A line whose hash you kept elsewhere.")
@click.option("--hash", "kept", default="", help="That hash.")
@click.option("--sound", is_flag=True, help="Read all recordings, too, and compare their hashes.")
@json_option
def verify_audit(number: int | None, kept: str, sound: bool, as_json: bool) -> None:
    """Check that no line was changed, left out or put in between.

    Keep the number and the hash that it prints in another place: with --number and --hash it then
    also shows that the end was not cut off. Recordings of calls that are not as the record says
    are named; with --sound all of them are read for that, which takes a while.
    """
    settings, clock = load_settings(), SystemClock()
    with Office.opened(settings, clock) as office:
        lines = list(office.audit.everything())
        verdict = verify(lines)
        recordings = recordings_of(settings, office, clock)
        others = [] if verdict.broken else differing(lines, recordings, sound=sound)
    if verdict.broken is not None:
        raise RefusedError(
            "audit-broken",
            f"The record does not hold from line {verdict.broken} on: it was changed, or a line is "
            "missing. Find out who had access to the database, and restore it from a backup.",
        )
    if number is not None and (number > len(lines) or lines[number - 1].hash != kept.lower()):
        raise RefusedError(
            "audit-cut",
            f"Line {number} is not the one whose hash you kept: "
            "the record was cut off or replaced.",
        )
    if others:
        raise RefusedError(
            "audit-recordings",
            f"The record holds, but these recordings are not as it says: "
            f"{', '.join(map(str, others))}. They were changed or removed by hand; restore them "
            "from a backup.",
        )
    show(
        {"lines": verdict.lines, "hash": verdict.head},
        as_json,
        f"All {verdict.lines} lines hold. The newest has the hash {verdict.head}.",
    )


def _as_json(person: User, locked_until: datetime | None) -> dict[str, Any]:
    notes = ["one-time password"] if person.must_change_password else []
    if locked_until:
        notes.append(f"locked until {stamp(locked_until)}")
    return {
        "name": person.name,
        "display_name": person.display_name,
        "role": str(person.role),
        "must_change_password": person.must_change_password,
        "locked_until": stamp(locked_until) if locked_until else None,
        "created_at": stamp(person.created_at),
        "last_sign_in": stamp(person.last_sign_in) if person.last_sign_in else None,
        "note": ", ".join(notes),
    }


def _ask_status(settings: ApplianceSettings) -> Any:
    host = f"[{settings.near_host}]" if ":" in settings.near_host else settings.near_host
    address = f"https://{host}:{settings.port}"
    try:
        token = (settings.local_token_file).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NetworkError(
            f"The appliance of {settings.folder} is not running. Start it with "
            "`callstead appliance run`."
        ) from error
    except OSError as error:
        raise OperatorError(
            f"{settings.local_token_file} cannot be read ({error.strerror}). Ask as the user "
            "that runs the appliance, or as root."
        ) from error
    try:
        answer = requests.get(
            f"{address}/api/v1/status",
            headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"},
            verify=str(settings.tls_folder / "server.pem"),
            timeout=_TIMEOUT,
        )
        if answer.status_code == 200:
            return answer.json()
    except (requests.RequestException, OSError) as error:
        raise NetworkError(
            f"The appliance does not answer at {address}. Start it with "
            "`callstead appliance run`, or look into its log."
        ) from error
    raise RemoteError(
        f"{address} answered {answer.status_code} instead of the status; another program or "
        "another appliance may be on this port (appliance.port)."
    )
