"""How the site stands, and what needs a person; read from the database, never stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from comm_server.settings import ConsoleSettings
from common.clock import ago
from common.spool import Row, Store

# An update failed and the same client has not installed the same product since.
_FAILED_UPDATES = """
    SELECT r.product, r.version, r.outcome, r.reason, r.at, c.name FROM receipts r
    JOIN clients c USING (client)
    WHERE r.outcome IN ('rolled_back', 'failed') AND c.revoked_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM receipts later WHERE later.client = r.client
          AND later.product = r.product AND later.outcome = 'committed' AND later.at > r.at)
    ORDER BY r.at DESC
"""
# A rollout waits for a person's word, or stopped.
_ROLLOUTS = """
    SELECT r.product, r.version, r.code, r.facts, coalesce(h.at, r.ring_at, r.began_at) AS at
    FROM rollouts r LEFT JOIN halts h USING (product, version)
    WHERE r.done_at IS NULL AND (r.code = 'approval' OR h.at IS NOT NULL)
      AND EXISTS (SELECT 1 FROM mirrored m WHERE m.product = r.product AND m.channel = r.channel
          AND m.version = r.version)
    ORDER BY at DESC
"""
_UNDELIVERED = """
    SELECT sequence, created_at AS at, last_error, failures, state, trouble FROM bundles
    WHERE state <> 'delivered' AND (failures > 0 OR created_at < ?) ORDER BY sequence
"""
# Trying again helps none of these.
_ALARMS = ("recipient", "size")


@dataclass(frozen=True)
class Need:
    """Something a person should look at.

    Attributes:
        kind: ``alarms`` (of this server itself), ``recipient`` (the vendor's address is unknown to
            the relay), ``size`` (a mail is larger than the relay takes), ``problems``,
            ``rollouts`` (that wait for a person, or stopped), ``updates``, ``refusals``,
            ``mails`` or ``clients``.
        rows: what it is about, the most telling first.
    """

    kind: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Line:
    """One line of health.

    Attributes:
        kind: ``reports``, ``mail`` or ``clients``.
        state: which sentence of that kind.
        tone: ``good``, ``warn``, ``bad`` or ``plain``.
        values: for the sentence.
    """

    kind: str
    state: str
    tone: str
    values: dict[str, Any] = field(default_factory=dict)


def needs(store: Store, settings: ConsoleSettings, now: datetime) -> list[Need]:
    """What needs a person, the most pressing kind first; kinds with nothing are left out."""
    recently = ago(now, days=settings.recent)
    late = _undelivered(store, settings, now)
    found = (
        Need(
            "alarms",
            tuple(
                store.rows(
                    "SELECT kind, at, facts FROM alarms WHERE at > ? ORDER BY id DESC", (recently,)
                )
            ),
        ),
        *(Need(kind, tuple(row for row in late if row["trouble"] == kind)) for kind in _ALARMS),
        Need("rollouts", tuple(store.rows(_ROLLOUTS))),
        Need("updates", tuple(store.rows(_FAILED_UPDATES))),
        Need("mails", tuple(row for row in late if row["trouble"] not in _ALARMS)),
        Need(
            "problems",
            tuple(
                store.rows(
                    "SELECT id, program, title, place, level, count, came_back_in, "
                    "coalesce(came_back_at, first_seen) AS at FROM problems "
                    "LEFT JOIN resolutions ON problem = id "
                    "WHERE first_seen > ? OR came_back_at > ? ORDER BY at DESC",
                    (recently, recently),
                )
            ),
        ),
        Need(
            "refusals",
            tuple(
                store.rows(
                    "SELECT id, kind, sentence, last_at AS at FROM refusals WHERE last_at > ? "
                    "ORDER BY last_at DESC",
                    (recently,),
                )
            ),
        ),
        Need("clients", tuple(silent_clients(store, settings, now))),
    )
    return [need for need in found if need.rows]


def health(store: Store, settings: ConsoleSettings, now: datetime) -> list[Line]:
    """Three lines: reports coming in, mail going home, clients."""
    return [_reports(store, now), _mail(store, settings, now), _clients(store, settings, now)]


def silent_clients(store: Store, settings: ConsoleSettings, now: datetime) -> list[Row]:
    """Clients that were not heard from for too long, the longest first."""
    return store.rows(
        "SELECT client, name, last_seen AS at FROM clients WHERE revoked_at IS NULL "
        "AND coalesce(last_seen, joined_at) < ? ORDER BY last_seen",
        (ago(now, seconds=settings.silent_after),),
    )


def _undelivered(store: Store, settings: ConsoleSettings, now: datetime) -> list[Row]:
    return store.rows(_UNDELIVERED, (ago(now, seconds=settings.overdue_after),))


def _reports(store: Store, now: datetime) -> Line:
    counts = store.row(
        "SELECT coalesce(sum(count), 0) AS reports, count(*) AS problems, max(last_seen) AS last "
        "FROM problems"
    )
    assert counts is not None  # noqa: S101 - an aggregate always answers a row
    waiting = store.row(
        "SELECT count(*) AS waiting, min(received_at) AS oldest FROM raw WHERE state = 'new'"
    )
    assert waiting is not None  # noqa: S101 - as above
    stuck = waiting["oldest"] is not None and waiting["oldest"] < ago(now, minutes=5)
    if stuck:
        return Line("reports", "stuck", "bad", waiting)
    if not counts["problems"]:
        return Line("reports", "none", "good")
    return Line("reports", "some", "good", counts)


def _mail(store: Store, settings: ConsoleSettings, now: datetime) -> Line:
    late = _undelivered(store, settings, now)
    if late:
        return Line("mail", "late", "bad", {"count": len(late), "since": late[0]["at"]})
    newest = store.row(
        "SELECT sequence, state, created_at, delivered_at FROM bundles "
        "ORDER BY sequence DESC LIMIT 1"
    )
    if newest is None:
        return Line("mail", "none", "plain")
    if newest["state"] != "delivered":
        return Line("mail", "under_way", "good", newest)
    return Line("mail", "delivered", "good", newest)


def _clients(store: Store, settings: ConsoleSettings, now: datetime) -> Line:
    count = store.value("SELECT count(*) FROM clients WHERE revoked_at IS NULL")
    silent = len(silent_clients(store, settings, now))
    if not count:
        return Line("clients", "none", "plain")
    if silent:
        return Line("clients", "silent", "warn", {"count": count, "silent": silent})
    return Line("clients", "heard", "good", {"count": count})
