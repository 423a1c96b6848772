"""Each line of the record is chained to the one before, and none can be changed or removed."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_SAYS = "the record of who did what is only ever added to"


def upgrade() -> None:
    """One transaction."""
    op.add_column("audit", sa.Column("hash", sa.String(64), nullable=False, server_default=""))
    _chain_what_is_there()
    with op.batch_alter_table("audit") as audit:
        audit.alter_column("hash", server_default=None, existing_type=sa.String(64))
    _refuse_changes()


def _chain_what_is_there() -> None:
    """As `appliance.domain.audit.chained` does it; numbers close up where lines were left out."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("select id, at, who, what, subject, address from audit order by id")
    ).all()
    head = "0" * 64
    for number, (id_, at, *words) in enumerate(rows, 1):
        moment = datetime.fromisoformat(at).astimezone(UTC).isoformat(timespec="milliseconds")
        text = json.dumps([head, number, moment, *words], ensure_ascii=False)
        head = hashlib.sha256(text.encode()).hexdigest()
        connection.execute(
            sa.text("update audit set id = :number, hash = :hash where id = :id"),
            {"number": number, "hash": head, "id": id_},
        )


def _refuse_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{act.lower()} BEFORE {act} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_is_added_to() RETURNS trigger AS "
        f"$$ BEGIN RAISE EXCEPTION '{_SAYS}'; END $$ LANGUAGE plpgsql"
    )
    op.execute(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_added_to()"
    )
