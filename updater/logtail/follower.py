"""Reads what was added to the files and keeps it; a kill between two commits changes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from common.clock import Clock, parse_stamp, stamp
from common.logs import get_logger
from updater.logtail import files
from updater.logtail.cut import Record, cut
from updater.logtail.levels import is_error, level_of
from updater.logtail.patterns import Pattern
from updater.logtail.ring import Line, Ring
from updater.logtail.rotation import SAMPLE, Act, Position, decide
from updater.logtail.stamps import moment_of
from updater.settings import LogtailSettings

log = get_logger(__name__)
_CHUNK = 512 * 1024
_ROUNDS = 32  # chunks of one file before the others have their turn
_MINUTE = 60.0
_REST_IS_GONE = (
    "[{path} was replaced or emptied; what may have been written to it after its first {offset} "
    "bytes was not seen]"
)


class Follower:
    """Looks at every file once per `look`.

    Args:
        ring: keeps lines and positions.
        clock: the time of reading, for lines without a stamp of their own.
        settings: in force now.
        local: makes an aware local time; stamps without a zone are in it.
    """

    def __init__(
        self,
        ring: Ring,
        clock: Clock,
        settings: Callable[[], LogtailSettings],
        local: Callable[[datetime], datetime] = datetime.astimezone,
    ) -> None:
        self._ring = ring
        self._clock = clock
        self._settings = settings
        self._local = local
        self._grown: dict[str, tuple[int, float]] = {}
        self._kept = 0

    def look(self, patterns: Iterable[Pattern]) -> int:
        """Read what is new in the files of ``patterns``; how many records were kept."""
        before = self._kept
        patterns = list(patterns)
        self._ring.only(pattern.glob for pattern in patterns)
        positions = self._ring.positions()
        seen: set[str] = set()
        for pattern in patterns:
            known = self._ring.knows(pattern.glob)
            paths = [p for p in files.matches(pattern, positions) if p not in seen]
            if not known:
                self._begin(pattern, [p for p in paths if p not in positions])
                positions = self._ring.positions()
            # Between a rename and the new file there is nothing to match, but much to remember.
            mine = [path for path in positions if positions[path].program == pattern.program]
            absent = [path for path in mine if not Path(path).exists()]
            for path in [*paths, *absent]:
                if path not in seen:
                    seen.add(path)
                    self._try(path, pattern, positions.get(path))
        for path in positions.keys() - seen:
            self._ring.forget(path)
        return self._kept - before

    def _try(self, path: str, pattern: Pattern, position: Position | None) -> None:
        try:
            self._follow(path, pattern, position)
        except OSError as error:  # moved between two looks at it: the next one sees what is there
            log.info("logtail.file_changed", path=path, error=str(error))

    def _begin(self, pattern: Pattern, paths: list[str]) -> None:
        """Files that were there before the pattern: only their end is news."""
        most, places = self._settings().first_read, []
        for path in paths:
            place = self._first(path, pattern.program)
            facts = files.facts_of(Path(path), place) if place else None
            if place and facts and facts.size > most:
                place = self._moved(place, Path(path), facts.size - most, skipping=True)
            if place:
                places.append(place)
        self._ring.begin(pattern.glob, places)

    def _first(self, path: str, program: str) -> Position | None:
        try:
            now = Path(path).stat()
        except OSError:
            return None
        return Position(path, program, now.st_dev, now.st_ino)

    def _follow(self, path: str, pattern: Pattern, position: Position | None) -> None:
        position = position or self._first(path, pattern.program)
        for _ in range(_ROUNDS):
            if position is None:
                return
            moved = self._step(Path(path), pattern, position)
            if moved is None:
                break
            position = moved
        if position is not None and position.skipped and self._over(position):
            self._keep(position, [])

    def _step(self, path: Path, pattern: Pattern, position: Position) -> Position | None:
        """One chunk, or one change of files; None when there is no more for now."""
        facts = files.facts_of(path, position)
        act = decide(position, facts)
        if act is Act.NOTHING:
            return None
        if act is Act.READ and facts is not None:
            return self._read(path, pattern, position, quiet=self._quiet(position, facts.size))
        old = files.rest_of(path, position)
        if old is not None:
            return self._end(path, old, pattern, position)
        if facts is None:  # gone for now; its rest may still appear
            return None
        text = _REST_IS_GONE.format(path=path, offset=position.offset)
        now = stamp(self._clock.now())
        lines = [Line(now, pattern.program, "warning", text, error=False)]
        return self._keep(self._anew(position, path), lines if position.offset else [])

    def _end(self, path: Path, old: Path, pattern: Pattern, position: Position) -> Position | None:
        """Read what is left in the rotated file, then go on to the one after it.

        A program writes to the old file until it opens the new one; while that is empty, the old
        one is not final.
        """
        there, following = old.stat(), files.after(path, old)
        final = following is not None and following.stat().st_size > 0
        position = dataclasses.replace(position, device=there.st_dev, inode=there.st_ino)
        if there.st_size > position.offset:
            quiet = self._quiet(position, there.st_size)
            return self._read(old, pattern, position, quiet=quiet, final=final)
        if following is None or not final:
            return None
        return self._keep(self._anew(position, following), [])

    def _read(
        self,
        path: Path,
        pattern: Pattern,
        position: Position,
        *,
        quiet: bool = False,
        final: bool = False,
    ) -> Position | None:
        data = files.read(path, position, _CHUNK)
        if not data:
            return None
        full = len(data) == _CHUNK
        most = self._settings().most_line
        done = cut(data, encoding=pattern.encoding, most=most, complete=quiet and not full,
                   final=final and not full, skipping=position.skipping)  # fmt: skip
        if full and not done.consumed:  # a record larger than we want to hold
            done = cut(data, encoding=pattern.encoding, most=most, complete=True, final=False,
                       skipping=position.skipping)  # fmt: skip
        # Bytes that are kept back are known by too: a copy of them must be found again.
        head = (position.tail + data)[:SAMPLE] if position.offset < SAMPLE else position.head
        if not done.consumed:
            if head != position.head:
                self._keep(dataclasses.replace(position, head=head), [])
            return None
        position = dataclasses.replace(
            position,
            offset=position.offset + done.consumed,
            head=head,
            tail=files.sample(position.tail, data[: done.consumed]),
            skipping=done.skipping,
        )
        return self._keep(position, [self._line(pattern, record) for record in done.records])

    def _line(self, pattern: Pattern, record: Record) -> Line:
        now = self._clock.now()
        level = level_of(record.text)
        at = moment_of(record.text.partition("\n")[0], self._local(now)) or now
        return Line(stamp(at), pattern.program, level, record.text, error=is_error(level))

    def _keep(self, position: Position, lines: list[Line]) -> Position:
        """Commit lines and place together; count what the limits leave out."""
        settings, now = self._settings(), self._clock.now()
        kept: list[Line] = []
        skipped, told, errors = position.skipped, position.lines, position.errors
        window = position.window
        if not window or self._over(position):
            if skipped:
                text = f"[{skipped} records of {position.path} left out: too many in one minute]"
                kept.append(Line(stamp(now), position.program, "warning", text, error=False))
            window, skipped, told, errors = stamp(now), 0, 0, 0
        for line in lines:
            if line.error and errors < settings.most_errors:
                errors += 1
                kept.append(line)
            elif not line.error and told < settings.most_lines:
                told += 1
                kept.append(line)
            else:
                skipped += 1
        position = dataclasses.replace(
            position, window=window, skipped=skipped, lines=told, errors=errors
        )
        self._ring.keep(position, kept, settings.ring)
        self._kept += len(kept)
        return position

    def _over(self, position: Position) -> bool:
        """Whether the minute that is counted has passed; also when the clock was put back."""
        passed = (self._clock.now() - parse_stamp(position.window)).total_seconds()
        return not 0 <= passed < _MINUTE

    def _quiet(self, position: Position, size: int) -> bool:
        """Whether the file has not grown for long enough that its last record is whole."""
        now = self._clock.monotonic()
        last, since = self._grown.get(position.path, (-1, now))
        if last != size:
            since = now
        self._grown[position.path] = (size, since)
        return now - since >= self._settings().join

    def _anew(self, position: Position, path: Path) -> Position:
        there = path.stat()
        return dataclasses.replace(
            position, device=there.st_dev, inode=there.st_ino, offset=0, head=b"", tail=b"",
            skipping=False,
        )  # fmt: skip

    def _moved(self, position: Position, path: Path, offset: int, *, skipping: bool) -> Position:
        with path.open("rb") as file:
            head = file.read(min(SAMPLE, offset))
            file.seek(max(0, offset - SAMPLE))
            tail = file.read(min(SAMPLE, offset))
        return dataclasses.replace(position, offset=offset, head=head, tail=tail, skipping=skipping)
