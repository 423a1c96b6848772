"""Write a verified bundle into the database; runs inside one transaction of `Store.write`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Any

from common.clock import stamp
from common.errors import RefusedError
from common.web.event import words_of
from common.wire.envelope import event_of
from home import fleet, rollouts
from home.inbox import histogram, summaries
from home.inbox.manifest import Manifest, ReportEntry, Sighting, read_manifest
from home.inbox.pack import packed
from home.inbox.verify import Verified
from home.maps import place_of


class Recorded(Enum):
    """Whether the bundle was news."""

    STORED = "stored"
    DUPLICATE = "duplicate"


def record(
    connection: sqlite3.Connection,
    verified: Verified,
    message_id: str,
    size: int,
    now: datetime,
    told: Mapping[str, dict[str, Any]] = MappingProxyType({}),
) -> Recorded:
    """Store everything a bundle says, or nothing.

    Args:
        connection: inside a transaction.
        verified: the opened bundle and its site.
        message_id: of the mail that brought it.
        size: of the sealed bytes.
        now: the time of receiving.
        told: reports of it in better words (`home.maps.readable`), by their ids: their problems
            are placed and found by those.

    Raises:
        RefusedError: kind ``signature``: another key was pinned since `verify`; ``forgotten``:
            older than what is remembered.
    """
    opened, at = verified.opened, stamp(now)
    known = connection.execute(
        "UPDATE bundles SET heard_again_at = ? WHERE site = ? AND sequence = ? AND sha256 = ?",
        [at, opened.site, opened.sequence, opened.sha256],
    )
    connection.execute("UPDATE sites SET heard_at = ? WHERE id = ?", [at, opened.site])
    if known.rowcount:
        return Recorded.DUPLICATE
    _refuse_forgotten(connection, verified)
    if verified.enrols:
        _pin(connection, verified, at)
    manifest = read_manifest(opened.bundle, now)
    bundle = _insert_bundle(connection, verified, manifest, message_id=message_id, size=size, at=at)
    problems = {
        (entry.program, entry.fingerprint): _sight(connection, verified, entry, at)
        for entry in manifest.sightings
    }
    _insert_reports(connection, verified, bundle, manifest, problems, told)
    summaries.refresh(connection, problems.values())
    fleet.record_clients(connection, opened.site, opened.sequence, manifest.clients)
    fleet.record_receipts(connection, opened.site, bundle, opened.bundle.receipts, manifest.created)
    rollouts.record(connection, opened.site, opened.sequence, manifest.rollouts)
    connection.executemany(
        "INSERT OR IGNORE INTO refusals (site, at, kind, sentence, bundle) VALUES (?, ?, ?, ?, ?)",
        [(opened.site, r["at"], r["kind"], r["sentence"], bundle) for r in manifest.refusals],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO alarms (site, at, kind, sentence, sentence_zh)"
        " VALUES (:site, :at, :kind, :sentence, :sentence_zh)",
        [{"site": opened.site, **alarm} for alarm in manifest.alarms],
    )
    return Recorded.STORED


def _refuse_forgotten(connection: sqlite3.Connection, verified: Verified) -> None:
    """A number that was let go of (`home.housekeeping`): a late copy, or a site out of a backup."""
    opened = verified.opened
    row = connection.execute("SELECT forgotten FROM sites WHERE id = ?", [opened.site]).fetchone()
    if row is not None and opened.sequence <= row["forgotten"]:
        raise RefusedError(
            "forgotten",
            f"Bundle {opened.sequence} of {verified.site_name!r} is older than what the home "
            f"remembers (up to {row['forgotten']}): a late copy, or the site was restored from an "
            "old backup. In that case give it a new kit.",
        )


def _pin(connection: sqlite3.Connection, verified: Verified, at: str) -> None:
    opened = verified.opened
    connection.execute(
        "UPDATE sites SET public_key = ?, enrolled_at = ?, enrolment_secret = NULL "
        "WHERE id = ? AND public_key IS NULL",
        [opened.public_key, at, opened.site],
    )
    row = connection.execute("SELECT public_key FROM sites WHERE id = ?", [opened.site]).fetchone()
    if row["public_key"] != opened.public_key:
        raise RefusedError(
            "signature", f"Another key was enrolled for the site {verified.site_name!r} meanwhile."
        )


def _insert_bundle(
    connection: sqlite3.Connection,
    verified: Verified,
    manifest: Manifest,
    *,
    message_id: str,
    size: int,
    at: str,
) -> int:
    opened = verified.opened
    cursor = connection.execute(
        "INSERT INTO bundles (site, sequence, sha256, previous, created, received_at,"
        " heard_again_at, reason, size, message_id, reports, problems, manifest, environment, logs)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            opened.site,
            opened.sequence,
            opened.sha256,
            manifest.previous,
            manifest.created,
            at,
            at,
            manifest.reason,
            size,
            message_id,
            len(opened.bundle.reports) + len(opened.bundle.raw),
            len(manifest.sightings),
            json.dumps(opened.bundle.manifest),
            json.dumps(opened.bundle.environment),
            packed(opened.bundle.logs),
        ],
    )
    return int(cursor.lastrowid or 0)


def _sight(connection: sqlite3.Connection, verified: Verified, entry: Sighting, at: str) -> int:
    """Merge one problem's numbers; the rules stand in the package's docstring."""
    connection.execute(
        "INSERT INTO problems"
        " (program, fingerprint, grouper, title, type, place, level, arrived_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (program, fingerprint) DO NOTHING",
        [entry.program, entry.fingerprint, entry.grouper, entry.title, entry.type, entry.place,
         entry.level, at],
    )  # fmt: skip
    problem: int = connection.execute(
        "SELECT id FROM problems WHERE program = ? AND fingerprint = ?",
        [entry.program, entry.fingerprint],
    ).fetchone()["id"]
    site, sequence = verified.opened.site, verified.opened.sequence
    before = connection.execute(
        "SELECT * FROM sightings WHERE problem = ? AND site = ?", [problem, site]
    ).fetchone()
    count, status, since = entry.count, entry.status, entry.since_release
    back = entry.came_back_in
    first, last = entry.first_seen, entry.last_seen
    releases, machines = set(entry.releases), set(entry.machines)
    regressed_at = at if entry.status == "regression" else None
    if before is not None:
        if before["sequence"] > sequence:
            count, status, since = before["count"], before["status"], before["since_release"]
            sequence, back = before["sequence"], before["came_back_in"]
        first, last = min(first, before["first_seen"]), max(last, before["last_seen"])
        releases |= set(json.loads(before["releases"]))
        machines |= set(json.loads(before["machines"]))
        regressed_at = regressed_at or before["regressed_at"]
    connection.execute(
        "INSERT OR REPLACE INTO sightings (problem, site, sequence, count, first_seen, last_seen,"
        " releases, since_release, machines, status, regressed_at, came_back_in)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [problem, site, sequence, count, first, last, json.dumps(sorted(releases)), since,
         json.dumps(sorted(machines)), status, regressed_at, back],
    )  # fmt: skip
    histogram.merge(connection, problem, verified.opened, entry.histogram)
    return problem


def _insert_reports(
    connection: sqlite3.Connection,
    verified: Verified,
    bundle: int,
    manifest: Manifest,
    problems: dict[tuple[str, str], int],
    told: Mapping[str, dict[str, Any]],
) -> None:
    content, site = verified.opened.bundle, verified.opened.site
    by_fingerprint = {fingerprint: problem for (_p, fingerprint), problem in problems.items()}
    parsed = {entry.id: entry for entry in manifest.reports}
    unparsed = {entry.id: entry for entry in manifest.quarantined}
    for name, event in content.reports.items():
        entry = parsed.get(name) or ReportEntry(name, "", "", manifest.created, "")
        problem = problems.get((entry.program, entry.fingerprint)) or by_fingerprint.get(
            entry.fingerprint
        )
        connection.execute(
            "INSERT OR IGNORE INTO reports (site, id, bundle, problem, machine, received_at, event)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [site, name, bundle, problem, entry.machine, entry.received_at, packed(event)],
        )
        if problem is not None and isinstance(event, dict):
            summaries.remember(connection, problem, words_of(told.get(name, event)))
        if problem is not None and (place := place_of(told.get(name, {}))):
            connection.execute("UPDATE problems SET place = ? WHERE id = ?", [place, problem])
    for name, raw in content.raw.items():
        entry = unparsed.get(name) or ReportEntry(name, "", "", manifest.created, "")
        # Sites number these anew after a restore; the bundle makes the name last.
        connection.execute(
            "INSERT INTO reports (site, id, bundle, machine, received_at, raw, about)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                site,
                f"raw-{bundle}-{name}",
                bundle,
                entry.machine,
                entry.received_at,
                raw,
                event_of(raw),
            ],
        )
