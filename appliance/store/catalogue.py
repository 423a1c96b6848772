"""Custom fields, and tags and dispositions, in their tables.

Implement `appliance.domain.custom_fields.KeptFields` and `appliance.domain.labels.KeptLabels`.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from appliance.domain.custom_fields import CustomField, FieldKind, Subject
from appliance.domain.labels import Colour, Label, LabelKind
from appliance.domain.work import UnknownError
from appliance.store.catalogue_models import FieldRow, LabelRow
from appliance.store.group import Group
from appliance.store.quick import Quick

_ANY_FIELD = Quick(select(FieldRow.id).limit(1), writes=False)


class SqlFields:
    """See `appliance.domain.custom_fields.KeptFields`."""

    def __init__(self, group: Group) -> None:
        self._group = group

    @property
    def _session(self) -> Session:
        return self._group.session

    def all(self) -> list[CustomField]:
        """By position; asked for whenever after-call work ends."""
        if not _ANY_FIELD.rows(self._group.line, {}):
            return []
        query = select(FieldRow).order_by(FieldRow.position, FieldRow.id)
        return [_field(row) for row in self._session.scalars(query)]

    def one(self, id: int) -> CustomField:  # noqa: A002
        """Raises UnknownError."""
        return _field(self._row(id))

    def save(self, field: CustomField) -> CustomField:
        """Keep a new one (id 0; answers it with its id), or replace what is kept."""
        row = self._row(field.id) if field.id else FieldRow()
        row.subject, row.key, row.kind = str(field.subject), field.key, str(field.kind)
        row.names, row.choices = dict(field.names), list(field.choices)
        row.required, row.position, row.retired = field.required, field.position, field.retired
        row.confidential = field.confidential
        self._session.add(row)
        self._session.flush()
        return replace(field, id=row.id)

    def _row(self, id: int) -> FieldRow:  # noqa: A002
        row = self._session.get(FieldRow, id)
        if row is None:
            raise UnknownError("field", id)
        return row


class SqlLabels:
    """See `appliance.domain.labels.KeptLabels`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> list[Label]:
        """By position."""
        query = select(LabelRow).order_by(LabelRow.position, LabelRow.id)
        return [_label(row) for row in self._session.scalars(query)]

    def one(self, id: int) -> Label:  # noqa: A002
        """Raises UnknownError."""
        return _label(self._row(id))

    def save(self, label: Label) -> Label:
        """Keep a new one (id 0; answers it with its id), or replace what is kept."""
        row = self._row(label.id) if label.id else LabelRow()
        row.kind, row.word, row.colour = str(label.kind), label.word, str(label.colour)
        row.names, row.queues = dict(label.names), sorted(label.queues)
        row.position, row.retired = label.position, label.retired
        self._session.add(row)
        self._session.flush()
        return replace(label, id=row.id)

    def _row(self, id: int) -> LabelRow:  # noqa: A002
        row = self._session.get(LabelRow, id)
        if row is None:
            raise UnknownError("label", id)
        return row


def _field(row: FieldRow) -> CustomField:
    return CustomField(
        row.id, Subject(row.subject), row.key, row.names, FieldKind(row.kind), tuple(row.choices),
        row.required, row.position, row.retired, row.confidential,
    )  # fmt: skip


def _label(row: LabelRow) -> Label:
    return Label(
        row.id, LabelKind(row.kind), row.word, row.names, Colour(row.colour),
        frozenset(row.queues), row.position, row.retired,
    )  # fmt: skip
