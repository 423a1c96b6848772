"""Lets go, each hour, of what has done its duty: nothing grows without bound."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from comm_server import histogram, release_hours, sent_content
from comm_server.log_lines import prune as prune_lines
from comm_server.settings import CommSettings
from common.clock import Clock, ago, stamp
from common.feed.events import prune as prune_feed
from common.spool import Store

# A client that was away for longer reads the state itself, see `common.feed`.
_FEED_KEPT = timedelta(days=7)


def tidy(store: Store, settings: CommSettings, clock: Clock) -> None:
    """Drop raw rows that are done with, and old ids, codes, log lines, hours and feed events."""
    now = clock.now()

    def work(connection: sqlite3.Connection) -> None:
        # The newest row stays: its number must never be given again, home knows reports by it.
        connection.execute(
            "DELETE FROM raw WHERE id < (SELECT max(id) FROM raw) AND (state = 'digested' "
            "OR bundle IN (SELECT sequence FROM bundles WHERE state = 'delivered'))"
        )
        # Rows without their event only tell a report that was sent twice from a new one.
        connection.execute(
            "DELETE FROM reports WHERE event IS NULL AND id <= (SELECT id FROM reports "
            "WHERE event IS NULL ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (settings.intake.keep_ids,),
        )
        connection.execute(
            "DELETE FROM invitations WHERE expires_at < ?", (stamp(now - timedelta(days=1)),)
        )
        prune_lines(connection, settings.logs, stamp(now))
        sent_content.prune(connection, settings.console, now)
        histogram.prune(connection, ago(now, days=settings.intake.keep_hours))
        release_hours.prune(connection, ago(now, days=settings.intake.keep_hours))

    store.write(work)
    prune_feed(store, before=now - _FEED_KEPT)
