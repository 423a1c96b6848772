"""Statements that run for every message: compiled once, executed without a session's ceremony.

A session's own way costs some 0.3 ms a statement, which is most of a message's time. What is here
runs in the transaction of a connection, beside what a session may do in it; the rows it touches
must not be kept as objects by that session, because it would not notice the change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Executable, bindparam, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

# A list that is one value of a statement, as rows with a column `value`; by the kind of database.
# Each value is a turn of the interpreter, and a list of another length another statement.
LISTED = {
    "sqlite": "json_each(:{})",
    "postgresql": "json_array_elements_text(CAST(:{} AS json))",
}
WROTE = "callstead_wrote"  # in a connection's info; the database sets it too
Process = Callable[[Any], Any]
_ROWS_AT_ONCE = 32  # so many shapes of one statement are kept at most


class Line:
    """A connection, as `Quick` needs it.

    Attributes:
        info: has `WROTE`: whether anything was changed on it since that was set to False.
    """

    def __init__(self, connection: Connection) -> None:
        self.dialect: Dialect = connection.dialect
        self.kind = connection.dialect.name
        driver: Any = connection.connection.dbapi_connection
        self._driver = driver
        self.cursor: Any = driver.cursor()
        self.info = connection.info
        errors: Any = connection.dialect.loaded_dbapi
        # pg8000 lets some errors of the socket through as they are.
        self.error: tuple[type[Exception], ...] = (errors.Error, OSError)
        self._errors = errors

    def execute(self, statement: str) -> None:
        """Execute what needs no values. Raises DBAPIError."""
        try:
            self.cursor.execute(statement)
        except self.error as error:
            raise self.translated(error, statement) from error

    def commit(self) -> None:
        """Raises DBAPIError."""
        try:
            self._driver.commit()
        except self.error as error:
            raise self.translated(error, "COMMIT") from error

    def rollback(self) -> None:
        """Undo what was not committed. Raises DBAPIError."""
        try:
            self._driver.rollback()
        except self.error as error:
            raise self.translated(error, "ROLLBACK") from error

    def version(self) -> object:
        """Another one after a commit on any other connection; None: the database has no such."""
        if self.kind != "sqlite":
            return None
        self.execute("PRAGMA data_version")
        return self.cursor.fetchone()[0]

    def translated(self, error: Exception, statement: str) -> Exception:
        """As a session would raise it; without the values, which are what people say."""
        lost = self.dialect.is_disconnect(error, self._driver, self.cursor)  # type: ignore[arg-type]
        if isinstance(error, OSError):
            error = self._errors.InterfaceError(str(error))
        return DBAPIError.instance(
            statement, None, error, self._errors.Error, hide_parameters=True,
            connection_invalidated=lost, dialect=self.dialect,
        )  # fmt: skip


class _Compiled(NamedTuple):
    text: str
    binds: Sequence[str]
    processes: Sequence[tuple[int, Process]]  # of the binds that need one
    results: Sequence[tuple[int, Process]]
    fixed: Mapping[str, Any]  # what stands in the statement itself


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
        """Execute it; all rows, with values as the types have them. Raises DBAPIError."""
        compiled = self._run(line, values)
        found: list[list[Any]] = [list(row) for row in line.cursor.fetchall()]
        for row in found:
            for index, process in compiled.results:
                if row[index] is not None:  # no type makes something of nothing
                    row[index] = process(row[index])
        return found

    def run(self, line: Line, values: Mapping[str, Any]) -> None:
        """Execute it. Raises DBAPIError."""
        self._run(line, values)

    def run_all(self, line: Line, many: Iterable[Mapping[str, Any]]) -> None:
        """Execute it for each of ``many``. Raises DBAPIError."""
        compiled = self._for(line)
        bound = [_bound(compiled, values) for values in many]
        try:
            line.cursor.executemany(compiled.text, bound)
        except line.error as error:
            raise line.translated(error, compiled.text) from error

    def _run(self, line: Line, values: Mapping[str, Any]) -> _Compiled:
        compiled = self._for(line)
        try:
            line.cursor.execute(compiled.text, _bound(compiled, values))
        except line.error as error:
            raise line.translated(error, compiled.text) from error
        return compiled

    def _for(self, line: Line) -> _Compiled:
        if self._writes:
            line.info[WROTE] = True
        found = self._compiled.get(line.kind)
        if found is None:
            found = self._compiled[line.kind] = self._compile(line.dialect)
        return found

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled: Any = self._statement.compile(  # type: ignore[attr-defined]
            dialect=dialect, column_keys=self._columns
        )
        names = list(compiled.positiontup)
        binds = [compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
                 for name in names]  # fmt: skip
        results = [one.dialect_impl(dialect).result_processor(dialect, None)
                   for one in self._answers]  # fmt: skip
        fixed = {name: compiled.binds[name].value for name in names
                 if not compiled.binds[name].required}  # fmt: skip
        return _Compiled(compiled.string, names, _present(binds), _present(results), fixed)


def _bound(compiled: _Compiled, values: Mapping[str, Any]) -> list[Any]:
    if compiled.fixed:
        values = {**compiled.fixed, **values}
    bound = [values[name] for name in compiled.binds]
    for index, process in compiled.processes:
        bound[index] = process(bound[index])
    return bound


def _present(processes: Iterable[Process | None]) -> list[tuple[int, Process]]:
    return [(index, process) for index, process in enumerate(processes) if process]


class Rows:
    """Inserts several rows at once.

    By one statement where each is a way to a server and back. SQLite would keep a copy of every
    page that such a statement touches, to undo its half; there it is one statement for each row.

    Args:
        table: its name.
        columns: those that are given, with their types.
    """

    def __init__(self, table: str, columns: Mapping[str, TypeEngine[Any]]) -> None:
        self._table, self._columns = table, columns
        self._by_count: dict[int, Quick] = {}

    def add(self, line: Line, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert ``rows``, in order. Raises DBAPIError."""
        if line.kind == "sqlite":
            one = self._by_count.get(1) or self._inserting(1)
            one.run_all(line, rows)
            return
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[start : start + _ROWS_AT_ONCE]
            inserting = self._by_count.get(len(some)) or self._inserting(len(some))
            values = {_numbered(name, n): value for n, row in enumerate(some)
                      for name, value in row.items()}  # fmt: skip
            inserting.run(line, values)

    def _inserting(self, count: int) -> Quick:
        names = ", ".join(f'"{name}"' for name in self._columns)
        rows = ", ".join(
            f"({', '.join(f':{_numbered(name, n)}' for name in self._columns)})"
            for n in range(count)
        )
        binds = [
            bindparam(_numbered(name, n), type_=kind)
            for n in range(count)
            for name, kind in self._columns.items()
        ]
        statement = text(f"INSERT INTO {self._table} ({names}) VALUES {rows}")  # noqa: S608 - names from the code alone
        made = self._by_count[count] = Quick(statement.bindparams(*binds), writes=True)
        return made


def _numbered(name: str, row: int) -> str:
    return f"{name}{row}" if row else name
