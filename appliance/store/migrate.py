"""Brings the database to this version's schema, step by step, each in one transaction."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from appliance.store.database import Database
from common import file_lock
from common.errors import OperatorError
from common.logs import get_logger

log = get_logger(__name__)

_SCRIPTS = Path(__file__).parent / "migrations"


@functools.cache
def _steps() -> ScriptDirectory:
    """This version's; read once, for each look imports all of them."""
    return ScriptDirectory(str(_SCRIPTS))


def newest_schema() -> str:
    """The name of this version's last step."""
    return _steps().get_current_head() or ""


def current_schema(database: Database) -> str:
    """The last step that the database has; empty for an empty database."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def known_schemas() -> set[str]:
    """Every step that this version has, and the empty database."""
    return {"", *(step.revision for step in _steps().walk_revisions())}


def migrate(database: Database, folder: Path, to: str = "head") -> None:
    """Run the steps that are missing.

    Args:
        database: empty, old or current.
        folder: where the lock is kept, so that a server and a command that start together do
            not both run the same step.
        to: the last step to run, for tests of steps.

    Raises:
        OperatorError: the database was written by a newer version.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it talks at each look
    with alone(folder), database.alone():
        current = current_schema(database)
        if current == newest_schema():
            return
        if current not in known_schemas():
            raise OperatorError(
                f"The database {database.name} was written by a newer version of Callstead "
                f"(it has the step {current!r}). Install that version again, "
                "or restore an older backup."
            )
        config = Config()
        config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes["database"] = database
        command.upgrade(config, to)
        now = current_schema(database)
        if current != now:
            log.info("database.migrated", before=current, now=now)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait for, then be, the only process of this data folder that is getting ready."""
    with (folder / "starting.lock").open("w") as lock:
        file_lock.take(lock.fileno(), wait=True)
        yield
