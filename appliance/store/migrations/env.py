"""Alembic runs this file for every command; the database comes from `migrate`."""

from __future__ import annotations

from alembic import context

from appliance.store import (  # noqa: F401 - their tables stand in Base too
    calls,
    catalogue_models,
    floor_models,
    leases,
    live,
    nodes,
    phones,
    report_models,
)
from appliance.store.database import Database
from appliance.store.models import Base


def run() -> None:
    """Run the wanted steps, each in its own transaction, on the database that was handed in."""
    database: Database = context.config.attributes["database"]
    with database.writer.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
            transactional_ddl=True,  # SQLite can, because we say BEGIN ourselves
            render_as_batch=True,  # SQLite cannot alter a table in place
        )
        with context.begin_transaction():
            context.run_migrations()


run()
