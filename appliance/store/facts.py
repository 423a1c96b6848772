"""The database's own particulars, for the status page; a broken one is a fact, not a crash."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from appliance.domain.running import Storage
from appliance.store.database import Database
from appliance.store.migrate import current_schema


def storage_facts(database: Database) -> Storage:
    """Kind, size and schema; or what is wrong. Never raises."""
    try:
        return Storage(database.kind, database.size, current_schema(database))
    except (SQLAlchemyError, OSError) as error:
        return Storage(database.kind, 0, "", trouble=str(error).splitlines()[0])
