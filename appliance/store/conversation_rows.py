"""Conversations in their table, without the session's objects; see `appliance.store.quick`."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import Select, Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from appliance.domain.conversation import State
from appliance.domain.records import Conversation
from appliance.store.floor_models import ConversationRow
from appliance.store.quick import Line, Quick

_TABLE: Table = ConversationRow.__table__  # type: ignore[assignment]
_MOST_INCOMPLETE = 200  # nobody fills in more in one sitting
_NAMES = [field.name for field in fields(Conversation)]
_COLUMNS = [_TABLE.c[name] for name in _NAMES]
_STATE, _TAGS, _DECLINED = (_NAMES.index(name) for name in ("state", "tags", "declined"))

_ONE = Quick(
    select(*_COLUMNS).where(_TABLE.c.id == bindparam("id")),
    [column.type for column in _COLUMNS],
    writes=False,
)
_ADD = Quick(
    insert(_TABLE).returning(_TABLE.c.id),
    [_TABLE.c.id.type],
    writes=True,
    columns=[name for name in _NAMES if name != "id"],
)
_UPDATES: dict[tuple[str, ...], Quick] = {}  # by what is changed; a few dozen at most


def one(line: Line, conversation: int) -> Conversation | None:
    """The one with this id."""
    found = _ONE.rows(line, {"id": conversation})
    return _conversation(found[0]) if found else None


def several(session: Session, which: Select[Any]) -> list[Conversation]:
    """All that a ``select(ConversationRow.id)`` with its conditions and order finds."""
    found = session.execute(which.with_only_columns(*_COLUMNS))
    return [_conversation(list(row)) for row in found]


def incomplete(session: Session, agent: int | None, contact: int | None) -> list[Conversation]:
    """Those that closed with something missing, of an agent, a contact or all; newest first."""
    query = select(ConversationRow.id).where(ConversationRow.incomplete)
    if agent is not None:
        query = query.where(ConversationRow.last_agent == agent)
    if contact is not None:
        query = query.where(ConversationRow.contact == contact)
    return several(session, query.order_by(ConversationRow.id.desc()).limit(_MOST_INCOMPLETE))


def add(line: Line, conversation: Conversation) -> int:
    """Keep a new one; its id."""
    values = {name: _kept(name, getattr(conversation, name)) for name in _NAMES if name != "id"}
    number: int = _ADD.rows(line, values)[0][0]
    return number


def change(line: Line, before: Conversation, after: Conversation) -> None:
    """Write what differs."""
    old = vars(before)
    differs = {
        name: _kept(name, value)
        for name, value in vars(after).items()
        if value is not old[name] and value != old[name]
    }
    if not differs:
        return
    names = tuple(differs)
    statement = _UPDATES.get(names)
    if statement is None:
        statement = _UPDATES[names] = Quick(
            update(_TABLE).where(_TABLE.c.id == bindparam("this")),
            writes=True,
            columns=names,
        )
    statement.run(line, {**differs, "this": before.id})


def _kept(name: str, value: Any) -> Any:
    if name in {"tags", "declined"}:
        return sorted(value)
    if name == "fields":
        return dict(value)
    return str(value) if name == "state" else value


def _conversation(row: list[Any]) -> Conversation:
    row[_STATE] = State(row[_STATE])
    row[_TAGS] = frozenset(row[_TAGS])
    row[_DECLINED] = frozenset(row[_DECLINED])
    return Conversation(*row)
