"""What became of the reports that real senders sent."""

from __future__ import annotations

import json
from typing import Any

from comm_server.digest import digest_some
from tests.support.site import TestSite
from tests.support.waiting import until


def reported(site: TestSite, number: int) -> list[dict[str, Any]]:
    """The events as they are kept, once there are ``number``."""

    def digested() -> bool:
        digest_some(site.store, site.intake)
        return site.store.value("SELECT count(*) FROM reports") >= number

    until(digested, 90, f"{number} reports", lambda: site.store.rows("SELECT kind, error FROM raw"))
    return [
        json.loads(row["event"])
        for row in site.store.rows("SELECT event FROM reports ORDER BY json_extract(event, "
                                   "'$.exception.values[0].value'), id")
    ]  # fmt: skip


def problems(site: TestSite) -> list[tuple[str, str, str, int]]:
    """Program, type, place and count of each."""
    return [
        (row["program"], row["type"], row["place"], row["count"])
        for row in site.store.rows("SELECT program, type, place, count FROM problems ORDER BY id")
    ]
