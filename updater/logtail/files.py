"""Touches the files: what is there, what it is, its bytes."""

from __future__ import annotations

import glob
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from updater.logtail.patterns import Pattern, is_rotated, worth_following
from updater.logtail.rotation import SAMPLE, Facts, Position, holds_rest

# O_NONBLOCK: a pipe must not make us wait. Windows knows none of it, and turns line ends without
# O_BINARY.
_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def matches(pattern: Pattern, known: Iterable[str]) -> list[str]:
    """Paths that the pattern names now, without rotated and compressed ones."""
    names: dict[str, list[str]] = defaultdict(list)
    before: dict[str, list[str]] = defaultdict(list)
    for path in glob.glob(pattern.glob, recursive=True):  # noqa: PTH207 - absolute, any depth
        if Path(path).is_file():
            names[str(Path(path).parent)].append(Path(path).name)
    for path in known:
        before[str(Path(path).parent)].append(Path(path).name)
    return [
        str(Path(folder) / name)
        for folder, found in sorted(names.items())
        for name in worth_following(found, before[folder])
    ]


def facts_of(path: Path, position: Position) -> Facts | None:
    """What stands at ``path``, sampled where ``position`` was; None when it cannot be read."""
    try:
        descriptor = os.open(path, _OPEN)
    except OSError:
        return None
    try:
        return _facts(descriptor, position)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def read(path: Path, position: Position, most: int) -> bytes | None:
    """At most ``most`` bytes from the position; None when the file changed meanwhile."""
    try:
        descriptor = os.open(path, _OPEN)
    except OSError:
        return None
    try:
        data = _read_at(descriptor, most, position.offset)
        now = _facts(descriptor, position)
        # Looked at after reading: what was cut between the two is not believed.
        itself = (now.device, now.inode) == (position.device, position.inode)
        whole = now.size >= position.offset + len(data)
        same = (now.head, now.tail) == (position.head, position.tail)
    except OSError:
        return None
    else:
        return data if itself and whole and same else None
    finally:
        os.close(descriptor)


def rest_of(path: Path, position: Position) -> Path | None:
    """The rotated file that was ``path`` when it was read, or a copy that still has its rest."""
    found = [(one, facts_of(one, position)) for one in _rotated(path)]
    fitting = [
        ((facts.device, facts.inode) == (position.device, position.inode), _age(one), one)
        for one, facts in found
        if facts is not None and holds_rest(position, facts)
    ]
    return max(fitting)[2] if fitting else None


def after(path: Path, old: Path) -> Path | None:
    """The file that ``path`` was after it was ``old``: rotated too, or ``path`` itself."""
    here = path.stat().st_ino if path.exists() else None
    since = _age(old)
    between = [(_age(one), one) for one in _rotated(path) if one != old]
    later = [(age, one) for age, one in between if age > since and one.stat().st_ino != here]
    if later:
        return min(later)[1]
    return path if here is not None else None


def sample(data_before: bytes, data: bytes) -> bytes:
    """The last `SAMPLE` bytes of both together."""
    return (data_before + data)[-SAMPLE:]


def _rotated(path: Path) -> list[Path]:
    try:
        names = os.listdir(path.parent)  # noqa: PTH208 - names are what is compared
    except OSError:
        return []
    return [path.parent / name for name in names if is_rotated(name, path.name)]


def _age(path: Path) -> tuple[int, int]:
    """Sorts rotated files, oldest first; files written within one tick by their number or date."""
    digits = re.sub(r"\D", "", path.name)[-20:] or "0"
    try:
        written = path.stat().st_mtime_ns
    except OSError:
        return (0, 0)
    # app.log.1 is younger than app.log.2, but app.log.20261122 than app.log.20261121.
    return (written, int(digits) if len(digits) >= 6 else -int(digits))


def _facts(descriptor: int, position: Position) -> Facts:
    now = os.fstat(descriptor)
    start = position.offset - len(position.tail)
    return Facts(
        now.st_dev,
        now.st_ino,
        now.st_size,
        _read_at(descriptor, len(position.head), 0),
        _read_at(descriptor, len(position.tail), start),
    )


def _read_at(descriptor: int, most: int, offset: int) -> bytes:
    os.lseek(descriptor, offset, os.SEEK_SET)  # Windows has no pread
    return os.read(descriptor, most)
