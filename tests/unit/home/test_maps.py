"""The vendor's source maps: faults of built scripts by their sources' lines, and how long."""

from __future__ import annotations

import json
import os
from pathlib import Path

from common.clock import stamp
from home.inbox.problems import Filter, list_problems
from home.maps import keep, let_go, maps_folder
from tests.support.vendor import CRASH, Vendor

DAY = 86400
SOURCE = "function open() {\n  board.cards.find(one);\n}\n"
# Column 1 of the only line of the script is line 2, column 3 of the source.
MAP = {
    "version": 3,
    "mappings": "AACE",
    "sources": ["../agent/board.ts"],
    "sourcesContent": [SOURCE],
}


def kept(vendor: Vendor, *versions: str, product: str = "companion") -> Path:
    """Maps of these versions, a day apart, the oldest first; the folder."""
    found = vendor.folder / "found"
    found.mkdir(exist_ok=True)
    (found / "board-a1.js.map").write_text(json.dumps(MAP))
    maps = maps_folder(vendor.folder)
    for version in versions:
        keep(maps, found, product, version)
        now = vendor.clock.now().timestamp()
        os.utime(maps / f"{product}-{version}.zip", (now, now))
        vendor.clock.advance(DAY)
    return maps


def told(vendor: Vendor, release: str) -> None:
    """A site tells of a fault in the built script."""
    frame = {"filename": "https://desk/board-a1.js", "lineno": 1, "colno": 1, "in_app": True}
    fault = {"type": "TypeError", "value": "x", "stacktrace": {"frames": [frame]}}
    event = {"release": release, "exception": {"values": [fault]}}
    entry = {
        "id": "e1", "fingerprint": "f1", "program": "companion", "machine": "seat",
        "received_at": "2026-11-21T08:30:00.000Z",
    }  # fmt: skip
    now = stamp(vendor.clock.now())
    problem = {**CRASH, "place": "a:b", "releases": [release], "last_seen": now}
    vendor.receive(
        vendor.add_site().mail({"reports": {"e1": event}}, problems=[problem], reports=[entry])
    )


def test_a_problem_is_listed_and_found_by_its_place_in_the_sources(vendor: Vendor) -> None:
    kept(vendor, "1.0.0")
    told(vendor, "companion@1.0.0")
    (row,) = list_problems(vendor.store, Filter(search="board.ts"))
    assert row["place"] == "agent/board.ts:2"


def test_without_its_map_it_stays_where_the_site_says(vendor: Vendor) -> None:
    maps = kept(vendor, "1.0.0")
    (maps / "companion-1.0.1.zip").write_bytes(b"cut off")
    told(vendor, "companion@1.0.1")
    (row,) = list_problems(vendor.store)
    assert row["place"] == "a:b"


def test_maps_go_when_they_are_old_and_nothing_that_old_is_in_use(vendor: Vendor) -> None:
    maps = kept(vendor, "1.0.0", "1.1.0", "1.2.0", "1.3.0")
    kept(vendor, "0.9", product="appliance")
    vendor.clock.advance(10 * DAY)
    told(vendor, "companion@1.2.0")
    assert let_go(maps, vendor.store, 90, vendor.clock) == []
    vendor.clock.advance(50 * DAY)
    gone = let_go(maps, vendor.store, 61, vendor.clock)
    assert gone == ["companion-1.0.0.zip", "companion-1.1.0.zip"]
    vendor.clock.advance(100 * DAY)  # heard of no more: the newest stays all the same
    assert let_go(maps, vendor.store, 61, vendor.clock) == ["companion-1.2.0.zip"]
    left = sorted(file.name for file in maps.iterdir())
    assert left == ["appliance-0.9.zip", "companion-1.3.0.zip"]
