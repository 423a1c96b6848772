"""A site whose database has something of everything, and one byte of it changed."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from comm_server.digest import digest_some
from comm_server.parts import Parts, create_parts
from comm_server.raw import INSERT, values
from common.salvage.pages import Pages
from tests.support.clock import FakeClock
from tests.support.site import TestSite, VendorKeys, crash, envelope, site_in

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
