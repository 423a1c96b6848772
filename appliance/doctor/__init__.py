"""The appliance's part of `callstead doctor`."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from appliance.bells.by_redis import connection
from appliance.doctor.telephony import telephony_checks
from appliance.domain.nodes import Node
from appliance.ops.communications import health_look
from appliance.process_roles import ALL, ProcessRole, in_order, port_key, roles_of
from appliance.settings import ApplianceSettings, load_settings
from appliance.store.database import Database, database_url, is_there
from appliance.store.migrate import current_schema, known_schemas, newest_schema
from appliance.store.nodes import SqlNodes
from common.clock import SystemClock
from common.doctor import Check, Result, port_check
from common.errors import OperatorError
from common.web.texts import Texts

_CERTIFICATE_LEFT = timedelta(days=14)


def checks() -> Iterator[Check]:
    """Settings, folder, ports, certificate, database, processes, Redis, communications server."""
    try:
        settings = load_settings()
    except OperatorError as error:
        sentence = str(error)
        yield Check(
            "appliance: settings",
            lambda: Result("appliance: settings", False, sentence, "Correct the settings file."),
        )
        return
    yield Check("appliance: folder", lambda: _folder(settings.folder))
    nodes = _living(settings)
    here = settings.nodes.name or socket.gethostname()
    mine = [(node.port, port_key(roles_of(node.roles))) for node in nodes if node.machine == here]
    for port, key in mine or [(settings.port, "port")]:
        name = f"appliance: port {port}"
        yield port_check(name, settings.near_host, port, f"appliance.{key}", tls=True)
    yield Check("appliance: certificate", lambda: _certificate(settings))
    yield Check("appliance: database", lambda: _database(settings))
    if nodes:
        yield Check("appliance: processes", lambda: _processes(nodes))
    if settings.nodes.redis_url:
        yield Check("appliance: Redis", lambda: _redis(settings))
    yield Check("appliance: communications server", lambda: _communications(settings))
    yield from telephony_checks(settings)


def _folder(folder: Path) -> Result:
    name = "appliance: folder"
    if not folder.exists():
        return Result(name, True, f"{folder} is made at the first start")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Result(
            name,
            False,
            f"{folder} cannot be written by this user",
            "Give it to the user that runs the appliance, or correct appliance.data_dir.",
        )
    return Result(name, True, f"{folder} can be written")


def _database(settings: ApplianceSettings) -> Result:
    name = "appliance: database"
    url = database_url(settings.database_url, settings.folder)
    if not is_there(url):
        return Result(name, True, "none yet; it is made at the first start")
    try:
        database = Database(url)
    except OperatorError as error:
        return Result(name, False, str(error), "Do what the sentence says.")
    try:
        schema = current_schema(database)
    finally:
        database.close()
    if schema == newest_schema():
        return Result(name, True, f"{database.name} opens; schema {schema} is current")
    if schema in known_schemas():
        return Result(name, True, f"{database.name} opens; schema {schema or 'none'} is brought "
                      "up to date at the next start")  # fmt: skip
    return Result(
        name,
        False,
        f"{database.name} was written by a newer version (schema {schema})",
        "Install that version again, or restore an older backup.",
    )


def _certificate(settings: ApplianceSettings) -> Result:
    """That of a start: who runs shows browsers the one that was there then."""
    name, path = "appliance: certificate", settings.tls_folder / "server.pem"
    if not path.exists():
        return Result(name, True, "none yet; it is made at the first start")
    try:
        ends = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        return Result(
            name, False, f"{path} cannot be read ({error})",
            "Restore it, or remove it and start the appliance again: it makes a new one.",
        )  # fmt: skip
    left = ends - SystemClock().now()
    if left < _CERTIFICATE_LEFT:
        word = "ended" if left < timedelta(0) else "ends"
        return Result(
            name, False, f"{path} {word} on {ends:%Y-%m-%d}; browsers then open no desk, and no "
            "phone in one",
            "Start the appliance again: it renews its own certificate.",
        )  # fmt: skip
    return Result(name, True, f"valid until {ends:%Y-%m-%d}")


def _living(settings: ApplianceSettings) -> list[Node]:
    """The processes that give signs of life; none when there is no database to ask."""
    url = database_url(settings.database_url, settings.folder)
    if not is_there(url):
        return []
    try:
        database = Database(url)
    except OperatorError:
        return []  # the check of the database tells it
    try:
        now = SystemClock().now()
        return [node for node in SqlNodes(database).all() if node.alive(now)]
    except SQLAlchemyError:  # written by an older version
        return []
    finally:
        database.close()


def _processes(nodes: list[Node]) -> Result:
    name = "appliance: processes"
    found = "; ".join(f"{one.machine}, port {one.port}: {one.roles}" for one in nodes)
    carried = {role for one in nodes for role in roles_of(one.roles)}
    missing = in_order(ALL - carried - {ProcessRole.PHONE})
    if missing:
        return Result(
            name, False, f"{found}; nobody carries {missing}",
            "Start a process with that role: `callstead appliance run --roles`.",
        )  # fmt: skip
    if len({one.version for one in nodes}) > 1:
        return Result(
            name, False, f"{found}; they are of several versions",
            "Update the others too; meanwhile they share one database.",
        )  # fmt: skip
    return Result(name, True, found)


def _redis(settings: ApplianceSettings) -> Result:
    name = "appliance: Redis"
    try:
        with connection(settings.nodes.redis_url) as redis:
            redis.ping()
    except (OperatorError, RedisError, OSError) as error:
        return Result(
            name, False, f"it does not answer ({error})",
            "Start it, or correct appliance.nodes.redis_url; until then other machines hear of "
            "what happens a second later.",
        )  # fmt: skip
    return Result(name, True, "it answers")


def _communications(settings: ApplianceSettings) -> Result:
    name = "appliance: communications server"
    address = settings.communications
    if not address:
        return Result(name, True, "none is set; errors stay on this machine")
    trouble = health_look(address, settings.ca_file, settings.comm_timeout_seconds)()
    if trouble is None:
        return Result(name, True, f"{address} answers")
    say = Texts("appliance").t
    return Result(
        name,
        False,
        say(f"trouble.{trouble}", language="en", address=address),
        "Start it, look at the network between, or correct appliance.dsn and appliance.ca_file.",
    )
