"""Statements that run for every message: compiled once, executed without a session's ceremony.

A session's own way costs some 0.3 ms a statement, which is most of a message's time. What is here
runs on the connection of a session's transaction, beside what the session does; the rows it
touches must not be kept as objects by that session, because it would not notice the change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

WROTE = "callstead_wrote"  # in a connection's info; the database sets it too
Process = Callable[[Any], Any]


class Line:
    """The connection of one transaction, as `Quick` needs it."""

    def __init__(self, session: Session) -> None:
        connection = session.connection()
        self.dialect: Dialect = connection.dialect
        self.cursor: Any = connection.connection.cursor()
        self._info = connection.info
        self.error: type[Exception] = connection.dialect.loaded_dbapi.Error

    @property
    def wrote(self) -> bool:
        """Whether anything was changed on the connection since this was set to False."""
        return bool(self._info.get(WROTE))

    @wrote.setter
    def wrote(self, value: bool) -> None:
        self._info[WROTE] = value


class _Compiled(NamedTuple):
    text: str
    binds: list[tuple[str, Process | None]]
    results: Sequence[tuple[int, Process]]


class Quick:
    """One statement.

    Args:
        statement: with `sqlalchemy.bindparam` for what differs.
        answers: the types of the columns that it answers.
        writes: whether it changes anything.
        columns: of an insert without values: which are given; all, if not said.
    """

    def __init__(
        self,
        statement: Executable,
        answers: Iterable[TypeEngine[Any]] = (),
        *,
        writes: bool,
        columns: Sequence[str] | None = None,
    ) -> None:
        self._columns = columns
        self._statement = statement
        self._answers = list(answers)
        self._writes = writes
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, line: Line, values: Mapping[str, Any]) -> list[list[Any]]:
        """Execute it; all rows, with values as the types have them."""
        compiled = self._run(line, values)
        found: list[list[Any]] = [list(row) for row in line.cursor.fetchall()]
        for row in found:
            for index, process in compiled.results:
                row[index] = process(row[index])
        return found

    def run(self, line: Line, values: Mapping[str, Any]) -> None:
        """Execute it."""
        self._run(line, values)

    def run_all(self, line: Line, many: Sequence[Mapping[str, Any]]) -> None:
        """Execute it for each of ``many``."""
        if not many:
            return
        compiled = self._for(line.dialect)
        if self._writes:
            line.wrote = True
        bound = [_bound(compiled, values) for values in many]
        try:
            line.cursor.executemany(compiled.text, bound)
        except line.error as error:
            raise _translated(error, compiled, line) from error

    def _run(self, line: Line, values: Mapping[str, Any]) -> _Compiled:
        compiled = self._for(line.dialect)
        if self._writes:
            line.wrote = True
        try:
            line.cursor.execute(compiled.text, _bound(compiled, values))
        except line.error as error:
            raise _translated(error, compiled, line) from error
        return compiled

    def _for(self, dialect: Dialect) -> _Compiled:
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = self._compile(dialect)
        return found

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled: Any = self._statement.compile(  # type: ignore[attr-defined]
            dialect=dialect, column_keys=self._columns
        )
        binds = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup
        ]
        processes = [one.dialect_impl(dialect).result_processor(dialect, None)
                     for one in self._answers]  # fmt: skip
        results = [(index, process) for index, process in enumerate(processes) if process]
        return _Compiled(compiled.string, binds, results)


def _translated(error: Exception, compiled: _Compiled, line: Line) -> Exception:
    """As the session would raise it; without the values, which are what people say."""
    return DBAPIError.instance(
        compiled.text, None, error, line.error, hide_parameters=True, dialect=line.dialect
    )


def _bound(compiled: _Compiled, values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(
        values[name] if process is None else process(values[name])
        for name, process in compiled.binds
    )
