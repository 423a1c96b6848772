"""A record of the domain as the values of its row, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SETS = ("tags", "declined", "groups", "queues")  # kept as sorted lists


def values_of(record: Any) -> dict[str, Any]:
    """A record's fields as its table has them."""
    values = dict(vars(record))
    for name in _SETS:
        if name in values:
            values[name] = sorted(values[name])
    for name in ("state", "presence", "author"):
        if name in values:
            values[name] = str(values[name])
    if "skills" in values:
        values["skills"] = dict(values["skills"])
    return values


def set_fields(row: Any, values: Mapping[str, Any]) -> None:
    """Only what differs: an unchanged row is not written."""
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)


def fields_of(row: Any) -> dict[str, Any]:
    """A row's values as its record has them."""
    values = {column.name: getattr(row, column.name) for column in row.__table__.columns}
    return {name: frozenset(v) if name in _SETS else v for name, v in values.items()}
