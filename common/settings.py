"""Settings: one TOML file, one frozen typed object per program, environment overrides.

A room declares a frozen dataclass whose fields are made by `setting` (a value) or `section`
(a nested dataclass). Its keys are ``ROOM.FIELD`` or ``ROOM.SECTION.FIELD``; the environment
overrides a key by its upper-case form: ``comm.mail.host`` is ``CALLSTEAD_COMM_MAIL_HOST``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import hashlib
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Generic, TypeVar, cast, get_type_hints

from common.errors import OperatorError

S = TypeVar("S")

# Read by other means than a room's settings object.
_OUTSIDE = {"CALLSTEAD_HOME", "CALLSTEAD_SETTINGS"}


def setting(
    default: Any,
    *,
    doc: str,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A key: its default, what it is for (with the reason for the default) and its limits."""
    return dataclasses.field(
        default=default,
        metadata={"doc": doc, "unit": unit, "min": minimum, "max": maximum, "choices": choices},
    )


def section(kind: type[Any]) -> Any:
    """A group of keys."""
    return dataclasses.field(default_factory=kind)


@dataclasses.dataclass(frozen=True)
class Key:
    """One key of the settings file, for printing and documentation."""

    path: str
    kind: type[Any]
    default: Any
    metadata: Mapping[str, Any]

    @property
    def variable(self) -> str:
        """The environment variable that overrides it."""
        return "CALLSTEAD_" + self.path.upper().replace(".", "_")


def callstead_home() -> Path:
    """Where every room keeps its data: ``$CALLSTEAD_HOME``, else ``./var``."""
    return Path(os.environ.get("CALLSTEAD_HOME", "") or "var").resolve()


def settings_file() -> Path:
    """``$CALLSTEAD_SETTINGS``, else ``callstead.toml`` in `callstead_home`."""
    named = os.environ.get("CALLSTEAD_SETTINGS", "")
    return Path(named).resolve() if named else callstead_home() / "callstead.toml"


def fingerprint() -> str:
    """Tells two configurations apart without telling them: of the file and the environment."""
    told = b""
    with contextlib.suppress(OSError):
        told = settings_file().read_bytes()
    set_here = sorted(f"{k}={v}" for k, v in os.environ.items() if k.startswith("CALLSTEAD_"))
    return hashlib.sha256(b"\0".join([told, *(one.encode() for one in set_here)])).hexdigest()[:16]


def known_sections() -> dict[str, type[Any]]:
    """The settings classes of all installed rooms, by the name of their table.

    A packed program knows the names of all tables, for they share a file, and holds one room.
    """
    entries = entry_points(group="callstead.settings")
    return {e.name: e.load() for e in entries if find_spec(e.module.partition(".")[0])}


def keys_of(kind: type[Any], prefix: str) -> Iterator[Key]:
    """Every key of a settings class, in the order of its declaration."""
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        path = f"{prefix}.{field.name}"
        if dataclasses.is_dataclass(hints[field.name]):
            yield from keys_of(hints[field.name], path)
        else:
            yield Key(path, hints[field.name], field.default, field.metadata)


def load(kind: type[S], name: str) -> S:
    """The settings of program ``name``, from the file and the environment.

    Raises:
        OperatorError: naming the key, what is wrong with it and what is allowed.
    """
    path = settings_file()
    table = _read(path)
    _refuse_unknown_tables(table, path)
    keys = {key.path: key for key in keys_of(kind, name)}
    given = dict(_flatten(table.get(name, {}), name))
    for unknown in given.keys() - keys.keys():
        raise OperatorError(
            f"{path}: the key {unknown!r} is not known.{_nearest(unknown, keys)} "
            "`callstead settings` prints every key."
        )
    variables = {key.variable: key for key in keys.values()}
    for variable in os.environ:
        prefix = f"CALLSTEAD_{name.upper()}_"
        if variable.startswith(prefix) and variable not in _OUTSIDE and variable not in variables:
            raise OperatorError(
                f"The environment variable {variable} names no setting."
                f"{_nearest(variable, variables)}"
            )
    values: dict[str, Any] = {}
    for key in keys.values():
        if key.variable in os.environ:
            values[key.path] = _convert(key, os.environ[key.variable], key.variable, text=True)
        elif key.path in given:
            values[key.path] = _convert(key, given[key.path], f"{path}: {key.path}", text=False)
    return cast("S", _build(kind, name, values))


def as_toml(sections: Mapping[str, type[Any]]) -> str:
    """The whole settings file with every key at its default, commented."""
    lines = [
        "# Callstead settings. Every key is shown with its default; remove the # to change one.",
        "# The environment overrides this file; the variable is named beside each key.",
    ]
    for name, kind in sorted(sections.items()):
        table = ""
        for key in keys_of(kind, name):
            parent, _, leaf = key.path.rpartition(".")
            if parent != table:
                table = parent
                lines += ["", f"[{table}]"]
            unit = f" [{key.metadata['unit']}]" if key.metadata["unit"] else ""
            choices = key.metadata["choices"]
            allowed = f" One of: {', '.join(choices)}." if choices else ""
            lines += ["", f"# {key.metadata['doc']}{unit}{allowed}", f"# ({key.variable})"]
            lines.append(f"# {leaf} = {_toml(key.default)}")
    return "\n".join(lines) + "\n"


class Holder(Generic[S]):
    """The settings in force; a reload checks everything first, then swaps, or keeps the old."""

    def __init__(self, read: Callable[[], S]) -> None:
        self._read = read
        self.current = read()

    def reload(self) -> S:
        """Read again. Raises OperatorError, and then `current` is as it was."""
        self.current = self._read()
        return self.current


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OperatorError(f"The settings file {path} is not valid TOML: {error}.") from error
    except OSError as error:
        raise OperatorError(
            f"The settings file {path} cannot be read: {error.strerror}."
        ) from error


def _refuse_unknown_tables(table: Mapping[str, Any], path: Path) -> None:
    known = [e.name for e in entry_points(group="callstead.settings")]
    for name in table:
        if name not in known:
            raise OperatorError(
                f"{path}: the table [{name}] is not known.{_nearest(name, known)} "
                "`callstead settings` prints every key."
            )


def _nearest(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


def _flatten(table: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(table, dict):
        yield prefix, table
        return
    for name, value in table.items():
        yield from _flatten(value, f"{prefix}.{name}")


def _convert(key: Key, value: Any, where: str, *, text: bool) -> Any:
    try:
        result = _from_text(key.kind, value) if text else _from_toml(key.kind, value)
    except ValueError as error:
        raise OperatorError(f"{where} is {value!r}, but must be {error}.") from error
    low, high, choices = key.metadata["min"], key.metadata["max"], key.metadata["choices"]
    if low is not None and result < low:
        raise OperatorError(f"{where} is {result}, but must be at least {low}.")
    if high is not None and result > high:
        raise OperatorError(f"{where} is {result}, but must be at most {high}.")
    if choices and result not in choices:
        raise OperatorError(f"{where} is {result!r}, but must be one of: {', '.join(choices)}.")
    return result


def _from_text(kind: type[Any], value: str) -> Any:
    if kind is bool:
        if value.lower() in {"1", "true", "yes", "on"}:
            return True
        if value.lower() in {"0", "false", "no", "off"}:
            return False
        raise ValueError("true or false")
    if kind is int:
        try:
            return int(value)
        except ValueError:
            raise ValueError("a whole number") from None
    if kind is float:
        try:
            return float(value)
        except ValueError:
            raise ValueError("a number") from None
    if kind is str:
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _from_toml(kind: type[Any], value: Any) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind in {bool, int, float, str}:
        if type(value) is not kind:
            words = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
            raise ValueError(words[kind])
        return value
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of texts")
    return tuple(value)


def _build(kind: type[Any], prefix: str, values: Mapping[str, Any]) -> Any:
    hints = get_type_hints(kind)
    made: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        path = f"{prefix}.{field.name}"
        if dataclasses.is_dataclass(hints[field.name]):
            made[field.name] = _build(hints[field.name], path, values)
        elif path in values:
            made[field.name] = values[path]
    return kind(**made)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
