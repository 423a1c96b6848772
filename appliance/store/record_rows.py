"""Records in their tables, without a session's objects; see `appliance.store.quick`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Table, bindparam, insert, select, update

from appliance.store.models import Base
from appliance.store.quick import Line, Quick

T = TypeVar("T")

_AS_THEY_ARE = frozenset({int, str, bool, float, datetime, type(None)})


class RecordRows(Generic[T]):
    """One kind of record.

    Args:
        row: its table.
        record: a dataclass, whose fields are named as the columns.
        key: the field by which one is known.
        made: what the database does not know to be another type: sets, words of an enumeration.
    """

    def __init__(
        self,
        row: type[Base],
        record: Callable[..., T],
        *,
        key: str = "id",
        made: Mapping[str, Callable[[Any], Any]] | None = None,
    ) -> None:
        table: Table = row.__table__  # type: ignore[assignment]
        self._table, self._record = table, record
        self._names = [field.name for field in fields(record)]  # type: ignore[arg-type]
        self._columns = [table.c[name] for name in self._names]
        self._key = table.c[key]
        made = made or {}
        self._made = [(n, made[name]) for n, name in enumerate(self._names) if name in made]
        self._updates: dict[tuple[str, ...], Quick] = {}  # by what is changed; a few dozen at most
        self._one = self.which(self._key == bindparam("key"))

    def which(self, *where: ColumnElement[bool], order: tuple[Any, ...] = ()) -> Quick:
        """A question for those of which all of ``where`` is true; for `all`."""
        return self.asking(select(self._key).where(*where).order_by(*order))

    def asking(self, query: Select[Any], *more: Any) -> Quick:
        """``query`` with a record's columns instead of its own, and then ``more``."""
        columns = [*self._columns, *more]
        return Quick(query.with_only_columns(*columns), [one.type for one in columns], writes=False)

    @property
    def columns(self) -> list[Any]:
        """As `read` wants them."""
        return self._columns

    @property
    def width(self) -> int:
        """How many columns a record has."""
        return len(self._columns)

    def read(self, row: list[Any]) -> T:
        """The record of a row, whose further values are left alone."""
        for index, made in self._made:
            row[index] = made(row[index])
        return self._record(*row[: len(self._names)])

    def one(self, line: Line, key: object) -> T | None:
        """The one with this key."""
        found = self._one.rows(line, {"key": key})
        return self.read(found[0]) if found else None

    def all(self, line: Line, which: Quick, **values: object) -> list[T]:
        """Those that ``which`` asks for."""
        return [self.read(row) for row in which.rows(line, values)]

    def inserting(self, *, numbered: bool = False) -> Quick:
        """Keeps a new one; ``numbered``: the database gives its key, and answers it."""
        adding = insert(self._table)
        names = [name for name in self._names if not (numbered and name == self._key.name)]
        if not numbered:
            return Quick(adding.inline(), writes=True, columns=names)
        return Quick(
            adding.returning(self._key), [self._key.type], writes=True, columns=names
        )  # fmt: skip

    def change(self, line: Line, before: T, after: T) -> None:
        """Write what differs."""
        old = vars(before)
        differs = {
            name: as_kept(value)
            for name, value in vars(after).items()
            if value is not old[name] and value != old[name]
        }
        if not differs:
            return
        names = tuple(differs)
        statement = self._updates.get(names)
        if statement is None:
            statement = self._updates[names] = Quick(
                update(self._table).where(self._key == bindparam("this")),
                writes=True,
                columns=names,
            )
        statement.run(line, {**differs, "this": old[self._key.name]})


def values_of(record: Any) -> dict[str, Any]:
    """A record's fields as its table has them."""
    return {name: as_kept(value) for name, value in vars(record).items()}


def as_kept(value: Any) -> Any:
    """A field's value as its table has it: sets as sorted lists, words as plain text."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, StrEnum):
        return str(value)
    return dict(value) if isinstance(value, Mapping) else value
