"""An error storm: so many copies of one report through the spool and the digest, for real."""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import logging
import shutil
import time
from pathlib import Path
from typing import Any

import structlog

from comm_server.digest import digest_some
from comm_server.dsns import ensure_dsn
from comm_server.housekeeping import tidy
from comm_server.schema import migrations
from comm_server.scrub import Phones
from comm_server.settings import CommSettings
from comm_server.understander import Understander
from common.clock import SystemClock, stamp
from common.spool import Store

_INSERT = "INSERT INTO raw (received_at, kind, dsn, encoding, body) VALUES (?, ?, ?, ?, ?)"
_AT_ONCE = 200
_MOST_WAITING = 20_000


def envelope(number: int) -> bytes:
    """One failure, each time with an id of its own."""
    event_id = f"{number:032x}"
    frame = {"module": "dialler.work", "filename": "dialler/work.py", "function": "dial",
             "lineno": 31, "in_app": True, "vars": {"call": str(number), "seat": "17"},
             "context_line": "    trunk.dial(call)"}  # fmt: skip
    value = {"type": "TrunkError", "value": "no free line", "stacktrace": {"frames": [frame] * 5}}
    event = {"event_id": event_id, "level": "error", "release": "dialler@3.2.1",
             "exception": {"values": [value]}}  # fmt: skip
    payload = json.dumps(event).encode()
    body = json.dumps({"event_id": event_id}).encode()
    body += b'\n{"type":"event","length":%d}\n' % len(payload) + payload + b"\n"
    return gzip.compress(body, 1)


def run(folder: Path, number: int) -> dict[str, Any]:
    """Store and digest ``number`` copies; what is on the disk afterwards, and what was counted."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    shutil.rmtree(folder, ignore_errors=True)
    store = Store(folder / "comm.db", migrations())
    settings, clock, understander = CommSettings(), SystemClock(), Understander()
    dsn, _ = ensure_dsn(store, "dialler", "seat-17", clock)
    stored = digested = peak = came = 0
    started = time.monotonic()
    try:
        while digested < number:
            if stored < number and stored - digested < _MOST_WAITING:
                size = min(_AT_ONCE, number - stored)
                rows = [
                    (stamp(clock.now()), "sentry", dsn, "gzip", envelope(one))
                    for one in range(stored + 1, stored + size + 1)
                ]
                came += sum(len(row[4]) for row in rows)
                store.submit(lambda c, rows=rows: c.executemany(_INSERT, rows)).result(60)
                stored += size
            digested += digest_some(store, settings.intake, Phones(), understander)
            peak = max(peak, _size(folder))
        seconds = time.monotonic() - started
        tidy(store, settings, clock)
        found = {
            "problems": store.value("SELECT count(*) FROM problems"),
            "counted": store.value("SELECT sum(count) FROM problems"),
            "by_hour": store.value("SELECT sum(count) FROM problem_hours"),
            "samples": store.value("SELECT count(*) FROM reports WHERE event IS NOT NULL"),
            "not_kept_whole": store.value("SELECT sum(count) FROM tallies WHERE kind = 'dropped'"),
            "ids": store.value("SELECT count(*) FROM reports WHERE event IS NULL"),
            "in_use": store.value("SELECT (p.page_count - f.freelist_count) * s.page_size FROM "
                                  "pragma_page_count p, pragma_freelist_count f, "
                                  "pragma_page_size s"),
        }  # fmt: skip
    finally:
        understander.close()
        store.close()
    return {**found, "seconds": seconds, "came": came, "peak": peak, "disk": _size(folder)}


def _size(folder: Path) -> int:
    return sum(one.stat().st_size for one in itertools.chain(folder.glob("comm.db*")))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("number", type=int)
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.folder, arguments.number)))


if __name__ == "__main__":
    main()
