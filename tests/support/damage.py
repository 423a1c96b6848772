"""A site whose database has something of everything, and one byte of it changed."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from comm_server.digest import digest_some
from comm_server.parts import Parts, create_parts
from comm_server.raw import INSERT, values
from common.salvage.pages import Pages
from tests.support.clock import START, FakeClock
from tests.support.site import ListTransport, TestSite, VendorKeys, crash, envelope, site_in
from tests.support.waiting import until

T = TypeVar("T")
PAGE = 4096
NEW = f"{999_999:032x}"


def event(number: int) -> dict[str, Any]:
    """Of its own id, in one of twelve problems, from small to several pages."""
    text = random.Random(number).randbytes((number * 397) % 3000).hex()
    return crash(number, kind=f"Kind{number % 12}Error", extra={"text": text})


def take(site_or_parts: Any, numbers: range, dsn: int, at: str) -> None:
    """Store reports as the intake does."""
    rows = [values(at, "sentry", dsn, "", envelope(event(n))) for n in numbers]
    site_or_parts.store.write(lambda connection: connection.executemany(INSERT, rows))


def lived_in(folder: Path) -> tuple[VendorKeys, set[str]]:
    """A site that has delivered something, and of everything has something that waits.

    Answers the vendor's keys, and the ids of all reports that are not at the vendor yet.
    """
    with pytest.MonkeyPatch.context() as patch, site_in(folder, patch) as site:
        dsn, _key = site.dsn()
        for machine in range(30):
            site.dsn("companion", f"pc-{machine}")
        take(site, range(1, 41), dsn, site.now)
        digest_all(site.parts)
        site.acknowledge(site.bundle())
        take(site, range(41, 71), dsn, site.now)
        digest_all(site.parts)
        site.bundle()
        take(site, range(71, 101), dsn, site.now)
        digest_all(site.parts)
        take(site, range(101, 131), dsn, site.now)
        waiting = {f"{n:032x}" for n in range(41, 131)}
        return site.vendor, waiting


def digest_all(parts: Parts) -> None:
    """Until nothing waits."""
    while digest_some(parts.store, parts.settings.current.intake):
        pass


@contextmanager
def started(folder: Path, clock: FakeClock) -> Iterator[Parts]:
    """The communications server's parts as `serve` makes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALLSTEAD_HOME", str(folder))
        patch.setenv("CALLSTEAD_COMM_DISK_BALLAST", "0")
        patch.setenv("CALLSTEAD_COMM_INTAKE_KEEP_FIRST", "1000000")
        patch.setenv("CALLSTEAD_COMM_INTAKE_KEEP_PER_PROBLEM", "1000000")
        parts = create_parts(clock=clock, serving=True)
        try:
            yield parts
        finally:
            parts.close()


def on_page(database: Path, number: int) -> set[str]:
    """The ids of reports that stand on a page, or whose row begins there."""
    pages = Pages(database)
    try:
        data = pages.page(number)
    finally:
        pages.close()
    return {f"{n:032x}" for n in range(1, 131) if f"{n:032x}".encode() in data}


def sent_home(parts: Parts, vendor: VendorKeys) -> tuple[set[str], bytes, list[str]]:
    """Ids of reports in all bundles that are not delivered, what came raw, and alarms' kinds."""
    names: set[str] = set()
    raw: list[bytes] = []
    alarms: list[str] = []
    test_site = TestSite(parts, vendor, FakeClock())
    for row in parts.store.rows("SELECT sequence FROM bundles WHERE mail IS NOT NULL"):
        opened = test_site.opened(row["sequence"])
        names |= set(opened.bundle.reports)
        raw += opened.bundle.raw.values()
        raw += [json.dumps(e).encode() for e in opened.bundle.reports.values()]
        alarms += [alarm["kind"] for alarm in opened.bundle.manifest["alarms"]]
    return names, b"\n".join(raw), alarms


def copy_of(ground: Path, folder: Path) -> Path:
    """The database of a copy of the site."""
    shutil.copytree(ground, folder)
    return folder / "comm" / "comm.db"


def again(work: Callable[[], T]) -> T:
    """What the server's own jobs do: what failed is tried again, and meanwhile it is mended."""

    def tried() -> tuple[T] | None:
        try:
            return (work(),)
        except sqlite3.Error:
            return None

    return until(tried, 60, "what was mended")[0]


class Ground:
    """What every flip begins with: a site as `lived_in` leaves it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vendor, self.waiting = lived_in(folder)
        self.database = folder / "comm" / "comm.db"
        with started(folder, clock()):
            pass  # notes where its tables begin, as every start does
        self.highest = highest(self.database)


def clock() -> FakeClock:
    """An hour after the site began."""
    made = FakeClock(START)
    made.advance(hours=1)
    return made


def highest(database: Path) -> int:
    """The number of the last bundle."""
    with sqlite3.connect(database) as db:
        number = db.execute("SELECT max(sequence) FROM bundles").fetchone()[0]
    db.close()
    return int(number)


def live_on(folder: Path, vendor: VendorKeys) -> tuple[set[str], bytes, list[str], int]:
    """Start on what is there, take one more report, digest and mail everything."""
    with started(folder, clock()) as parts:
        dsn = TestSite(parts, vendor, FakeClock()).dsn()[0]
        body = envelope(crash(999_999))
        row = values("2026-11-21T10:00:00.000Z", "sentry", dsn, "", body)
        parts.store.write(lambda connection: connection.execute(INSERT, row))
        again(lambda: digest_all(parts))
        again(lambda: parts.outbox.send_due(ListTransport(), 86_400))
        again(lambda: parts.courier.make_bundle("scheduled"))
        while again(parts.courier.due):
            again(lambda: parts.courier.make_bundle("scheduled"))
        names, raw, alarms = sent_home(parts, vendor)
        last = parts.store.value("SELECT max(sequence) FROM bundles")
        assert parts.store.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        return names, raw, alarms, last


def flipped(ground: Ground, folder: Path, place: int, value: int) -> None:
    """One byte changed: only what stood on its page may be missing, and nothing stops."""
    database = copy_of(ground.folder, folder)
    data = bytearray(database.read_bytes())
    data[place] = value
    database.write_bytes(data)
    names, raw, _alarms, last = live_on(folder, ground.vendor)
    page = place // PAGE + 1
    may = on_page(ground.database, page)
    lost = {n for n in ground.waiting - names if n.encode() not in raw}
    assert lost <= may, f"byte {place} of page {page}"
    assert NEW in names
    assert last > ground.highest, "numbers of bundles went back"


def places(ground: Ground, folder: Path, seed: int, count: int) -> None:
    """`flipped` at ``count`` places by chance; half of them where a page says what it is."""
    chance = random.Random(seed)
    pages = ground.database.stat().st_size // PAGE
    for number in range(count):
        inside = chance.choice([chance.randrange(16), chance.randrange(PAGE)])
        place = chance.randrange(pages) * PAGE + inside
        flipped(ground, folder / str(number), place, chance.randrange(256))
