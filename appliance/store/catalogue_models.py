"""The tables of what an administrator lets agents fill in and choose from."""

from __future__ import annotations

from sqlalchemy import JSON, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from appliance.store.models import Base


class FieldRow(Base):
    """See `appliance.domain.custom_fields.CustomField`."""

    __tablename__ = "fields"
    __table_args__ = (UniqueConstraint("subject", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(40))
    names: Mapped[dict[str, str]] = mapped_column(JSON)
    kind: Mapped[str] = mapped_column(String(16))
    choices: Mapped[list[str]] = mapped_column(JSON)
    required: Mapped[bool]
    position: Mapped[int]
    retired: Mapped[bool]
    confidential: Mapped[bool] = mapped_column(server_default=false())


class LabelRow(Base):
    """See `appliance.domain.labels.Label`."""

    __tablename__ = "labels"
    __table_args__ = (UniqueConstraint("kind", "word"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    word: Mapped[str] = mapped_column(String(40))
    names: Mapped[dict[str, str]] = mapped_column(JSON)
    colour: Mapped[str] = mapped_column(String(16))
    queues: Mapped[list[int]] = mapped_column(JSON)
    position: Mapped[int]
    retired: Mapped[bool]
