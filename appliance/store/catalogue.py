"""Custom fields and labels in their tables; implements `appliance.domain.catalogue.Kept`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Generic

from sqlalchemy import select

from appliance.domain.catalogue import One
from appliance.domain.custom_fields import CustomField, FieldKind, Subject
from appliance.domain.labels import Colour, Label, LabelKind
from appliance.domain.work import UnknownError
from appliance.store.catalogue_models import FieldRow, LabelRow
from appliance.store.group import Group
from appliance.store.quick import Quick

_ANY_FIELD = Quick(select(FieldRow.id).limit(1), writes=False)


class _Kept(ABC, Generic[One]):
    table: Any
    name: str  # in the refusal of one that is not there

    def __init__(self, group: Group) -> None:
        self._group = group

    def all(self) -> Sequence[One]:
        """By position."""
        query = select(self.table).order_by(self.table.position, self.table.id)
        return [self._read(row) for row in self._group.session.scalars(query)]

    def one(self, id: int) -> One:  # noqa: A002
        """Raises UnknownError."""
        return self._read(self._row(id))

    def save(self, one: One) -> One:
        """Keep a new one (id 0; answers it with its id), or replace what is kept."""
        row = self._row(one.id) if one.id else self.table()
        for name, value in {**vars(one), **self._written(one)}.items():
            if name != "id":
                setattr(row, name, value)
        session = self._group.session
        session.add(row)
        session.flush()
        return replace(one, id=row.id)

    def _row(self, id: int) -> Any:  # noqa: A002
        row = self._group.session.get(self.table, id)
        if row is None:
            raise UnknownError(self.name, id)
        return row

    @abstractmethod
    def _read(self, row: Any) -> One: ...

    @abstractmethod
    def _written(self, one: One) -> dict[str, Any]:
        """What the table holds in another form."""


class SqlFields(_Kept[CustomField]):
    """Custom fields."""

    table, name = FieldRow, "field"

    def all(self) -> Sequence[CustomField]:
        """By position; asked for whenever after-call work ends."""
        return super().all() if _ANY_FIELD.rows(self._group.line, {}) else []

    def _read(self, row: FieldRow) -> CustomField:
        return CustomField(
            row.id, Subject(row.subject), row.key, row.names, FieldKind(row.kind),
            tuple(row.choices), row.required, row.position, row.retired, row.confidential,
        )  # fmt: skip

    def _written(self, one: CustomField) -> dict[str, Any]:
        return {
            "subject": str(one.subject), "kind": str(one.kind), "names": dict(one.names),
            "choices": list(one.choices),
        }  # fmt: skip


class SqlLabels(_Kept[Label]):
    """Tags, dispositions and away reasons."""

    table, name = LabelRow, "label"

    def _read(self, row: LabelRow) -> Label:
        return Label(
            row.id, LabelKind(row.kind), row.word, row.names, Colour(row.colour),
            frozenset(row.queues), row.position, row.retired,
        )  # fmt: skip

    def _written(self, one: Label) -> dict[str, Any]:
        return {
            "kind": str(one.kind), "colour": str(one.colour), "names": dict(one.names),
            "queues": sorted(one.queues),
        }  # fmt: skip
