"""Stack traces of the desk with the places of its sources, by the maps of its releases.

A release's maps are made with it and stay here: sites get the built scripts alone. The names of
those hold their content's hash, so that a map of another build is never taken.
"""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common.atomic import write_bytes
from common.clock import Clock, ago, stamp
from common.errors import OperatorError
from common.lenient import objects
from common.logs import get_logger
from common.spool import Store
from home.fleet import GOOD, latest
from home.source_map import Place, place_in

log = get_logger(__name__)
_AROUND = 5  # lines before and after


def maps_folder(home: Path) -> Path:
    """Where they are kept: a file for each release."""
    return home / "maps"


def keep(maps: Path, found: Path, product: str, version: str) -> int:
    """Keep the maps that lie in ``found`` for a release; answers how many. Raises OperatorError."""
    files = sorted(found.glob("*.js.map"))
    if not files:
        raise OperatorError(
            f"There is no source map (*.js.map) in {found}. A work tree that built the front ends "
            "(`make setup`) has those of the appliance in build/appliance.maps."
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.name)
    maps.mkdir(parents=True, exist_ok=True)
    write_bytes(maps / f"{product}-{version}.zip", packed.getvalue())
    return len(files)


def readable(event: dict[str, Any], maps: Path) -> dict[str, Any]:
    """The event with the frames of built scripts put into the sources' words, where a map knows."""
    release = event.get("release")
    product, _, version = release.partition("@") if isinstance(release, str) else ("", "", "")
    names = {file.name: file for file in maps.glob("*.zip")}
    archive = names.get(f"{product}-{version}.zip")
    values = _faults(event)
    if archive is None or not values:
        return event
    try:
        with zipfile.ZipFile(archive) as kept:
            return {**event, "exception": {"values": [_fault(value, kept) for value in values]}}
    except (OSError, zipfile.BadZipFile) as error:  # let go meanwhile, or spoiled on the disk
        log.warning("maps.unreadable", file=archive.name, error=str(error))
        return event


def place_of(event: dict[str, Any]) -> str:
    """``file:line`` where a readable event's fault stands; empty when it does not say."""
    values = _faults(event)
    trace = values[-1].get("stacktrace") if values else None
    frames = objects(trace.get("frames")) if isinstance(trace, dict) else []
    ours = [frame for frame in frames if frame.get("in_app")] or frames
    return f"{ours[-1].get('filename')}:{ours[-1].get('lineno')}" if ours else ""


def let_go(maps: Path, store: Store, days: float, clock: Clock) -> list[str]:
    """Remove the maps that were kept ``days`` ago and are older than any that is still in use.

    In use is what a client runs by its newest receipt, what sent reports since, and the newest
    of each product. Answers the names of the files that went.
    """
    before = ago(clock.now(), days=days)
    used = _in_use(store, before)
    kept: dict[str, list[Path]] = {}
    for file in sorted(maps.glob("*.zip"), key=lambda file: (file.stat().st_mtime, file.name)):
        kept.setdefault(file.stem.partition("-")[0], []).append(file)
    gone = []
    for files in kept.values():
        for file in files[:-1]:
            if file.stem in used or _kept_at(file) >= before:
                break  # and all that follow are newer
            file.unlink()
            gone.append(file.name)
    if gone:
        log.info("maps.let_go", files=gone)
    return gone


def _kept_at(file: Path) -> str:
    return stamp(datetime.fromtimestamp(file.stat().st_mtime, UTC))


def _in_use(store: Store, since: str) -> set[str]:
    """``product-version`` of each."""
    used = {
        f"{row['product']}-{row['version'] if row['outcome'] == GOOD else row['from_version']}"
        for row in latest(store)
    }
    heard = store.rows(
        "SELECT DISTINCT value FROM sightings, json_each(sightings.releases) WHERE last_seen >= ?",
        [since],
    )
    return used | {str(row["value"]).replace("@", "-", 1) for row in heard}


def _faults(event: dict[str, Any]) -> list[dict[str, Any]]:
    raised = event.get("exception")  # its values in a table of their own, or the bare list
    return objects(raised.get("values") if isinstance(raised, dict) else raised)


def _fault(value: dict[str, Any], kept: zipfile.ZipFile) -> dict[str, Any]:
    trace = value.get("stacktrace")
    if not isinstance(trace, dict):
        return value
    frames = [_frame(frame, kept) for frame in objects(trace.get("frames"))]
    return {**value, "stacktrace": {**trace, "frames": frames}}


def _frame(frame: dict[str, Any], kept: zipfile.ZipFile) -> dict[str, Any]:
    script = frame.get("abs_path") or frame.get("filename")
    line, column = frame.get("lineno"), frame.get("colno")
    if not (isinstance(script, str) and isinstance(line, int) and isinstance(column, int)):
        return frame
    name = f"{script.partition('?')[0].rpartition('/')[2]}.map"
    place = place_in(kept.read(name), line, column) if name in kept.namelist() else None
    return frame if place is None else {**frame, **_told(place)}


def _told(place: Place) -> dict[str, Any]:
    at = place.line - 1
    return {
        "filename": place.file.lstrip("./"),
        "lineno": place.line,
        "colno": place.column,
        "in_app": "node_modules" not in place.file,
        "pre_context": list(place.lines[max(0, at - _AROUND) : at]),
        "context_line": place.lines[at] if at < len(place.lines) else None,
        "post_context": list(place.lines[at + 1 : at + 1 + _AROUND]),
    }
