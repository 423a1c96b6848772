"""The appliance's part of `callstead doctor`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from appliance.ops.communications import health_look
from appliance.settings import ApplianceSettings, load_settings
from appliance.store.database import Database, database_url
from appliance.store.migrate import current_schema, known_schemas, newest_schema
from common.doctor import Check, Result, port_check
from common.errors import OperatorError
from common.web.texts import Texts


def checks() -> Iterator[Check]:
    """Settings, folder, port, database, communications server."""
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
    yield port_check(
        f"appliance: port {settings.port}", settings.near_host, settings.port, "appliance.port"
    )
    yield Check("appliance: database", lambda: _database(settings))
    yield Check("appliance: communications server", lambda: _communications(settings))


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
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
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
