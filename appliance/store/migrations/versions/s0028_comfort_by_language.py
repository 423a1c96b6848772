"""What a chat says on arriving and while waiting belongs to its look, by language."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

_LANGUAGES = ("zh-CN", "en")


def upgrade() -> None:
    """One transaction. One text for all becomes the text of each language."""
    queues = sa.table("queues", sa.column("id", sa.Integer), sa.column("form", sa.JSON))
    connection = op.get_bind()
    for number, form in connection.execute(sa.select(queues.c.id, queues.c.form)).all():
        connection.execute(
            queues.update().where(queues.c.id == number).values(form=moved(dict(form)))
        )


def moved(form: dict[str, Any]) -> dict[str, Any]:
    """A form with the texts in its look."""
    look = dict(form.get("look") or {})
    for name in ("greeting", "comfort"):
        text = form.pop(name, "")
        if text and not look.get(name):
            look[name] = dict.fromkeys(_LANGUAGES, text)
    return {**form, "look": look}
