"""Problems across all sites: the list with its filters, and one problem's numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass

from common.clock import Clock, stamp
from common.spool import Row, Store

# Where the vendor's work on it stands: '' (nothing decided), ignored, resolved, or back.
_STATE = """CASE COALESCE(d.kind, 'open')
    WHEN 'ignored' THEN 'ignored'
    WHEN 'resolved' THEN CASE WHEN MAX(s.regressed_at) > d.at THEN 'back' ELSE 'resolved' END
    ELSE '' END"""
# It needs a person until one has seen or decided it, and again after a site saw a regression.
_OPEN = f"""CASE {_STATE} WHEN 'ignored' THEN 0 WHEN 'resolved' THEN 0
    ELSE p.seen_at IS NULL OR COALESCE(MAX(s.regressed_at), '') > p.seen_at END"""

_LIST = f"""
    SELECT p.*, SUM(s.count) AS count, json_group_array(sites.name) AS sites,
           MIN(s.first_seen) AS first_seen, MAX(s.last_seen) AS last_seen, {_OPEN} AS open,
           json_group_array(json_array(s.first_seen, s.since_release)) AS since,
           json_group_array(json(s.releases)) AS releases,
           json_group_array(json(s.machines)) AS machines,
           json_group_array(s.status) AS statuses,
           {_STATE} AS state, d.value AS resolved_in, d.who AS decided_by, d.at AS decided_at,
           COALESCE(a.value, '') AS assigned_to, GROUP_CONCAT(
               CASE WHEN s.regressed_at > d.at THEN NULLIF(s.came_back_in, '') END, ', '
           ) AS came_back_in
    FROM problems p JOIN sightings s ON s.problem = p.id JOIN sites ON sites.id = s.site
    LEFT JOIN decisions d ON d.id = (SELECT MAX(id) FROM decisions
        WHERE problem = p.id AND kind IN ('resolved', 'ignored', 'open'))
    LEFT JOIN decisions a ON a.id = (SELECT MAX(id) FROM decisions
        WHERE problem = p.id AND kind = 'assigned')
"""  # noqa: S608 - constants alone

# By the sites' word, as long as the vendor has not decided otherwise.
_HAVING = {
    "open": "open",
    "seen": "NOT open AND state NOT IN ('resolved', 'ignored')",
    "resolved": "state = 'resolved'",
    "ignored": "state = 'ignored'",
    "regression": "state = 'back' OR (state = '' AND SUM(s.status = ?) > 0)",
    "new": "state = '' AND SUM(s.status = ?) > 0",
    "known": "state = '' AND SUM(s.status = ?) > 0",
}


@dataclass(frozen=True)
class Filter:
    """What the list is narrowed to; empty means all.

    Attributes:
        search: words, each of which stands in title, type, place or program.
        program: exactly this program.
        site: seen at this site (its id).
        status: ``open`` (needs a person), ``seen``, ``resolved``, ``ignored``, or ``new``,
            ``regression``, ``known``.
    """

    search: str = ""
    program: str = ""
    site: str = ""
    status: str = ""


def list_problems(store: Store, by: Filter = Filter(), most: int = 500) -> list[Row]:
    """Problems, those that need a person first, then by their last occurrence.

    Each has the columns of ``problems`` and ``count, sites (names), first_seen, last_seen, open,
    releases, since_release, machines, status``; of the vendor's work ``state, resolved_in,
    decided_by, decided_at, assigned_to``, and ``came_back_in`` (releases, or empty).
    """
    where, values = ["1"], []
    for word in by.search.split():
        where.append("(p.title || ' ' || p.type || ' ' || p.place || ' ' || p.program) LIKE ?"
                     " ESCAPE '\\'")  # fmt: skip
        values.append(f"%{_escape(word)}%")
    if by.program:
        where.append("p.program = ?")
        values.append(by.program)
    if by.site:
        where.append("p.id IN (SELECT problem FROM sightings WHERE site = ?)")
        values.append(by.site)
    having = _HAVING.get(by.status, "0") if by.status else ""
    if "?" in having:
        values.append(by.status)
    rows = store.rows(
        f"{_LIST} WHERE {' AND '.join(where)} GROUP BY p.id {having and f'HAVING {having}'}"
        " ORDER BY open DESC, last_seen DESC, p.id LIMIT ?",
        [*values, most],
    )
    return [_plain(row) for row in rows]


def problem(store: Store, number: int) -> Row | None:
    """One problem as in the list, with ``sightings``: its numbers at each site."""
    row = store.row(f"{_LIST} WHERE p.id = ? GROUP BY p.id", [number])
    if row is None:
        return None
    sightings = store.rows(
        "SELECT s.*, sites.name AS site_name FROM sightings s JOIN sites ON sites.id = s.site"
        " WHERE problem = ? ORDER BY count DESC, site_name",
        [number],
    )
    for sighting in sightings:
        sighting["releases"] = json.loads(sighting["releases"])
        sighting["machines"] = json.loads(sighting["machines"])
    return {**_plain(row), "sightings": sightings}


def programs(store: Store) -> list[str]:
    """Every program that has problems."""
    return [
        row["program"] for row in store.rows("SELECT DISTINCT program FROM problems ORDER BY 1")
    ]


def mark_seen(store: Store, number: int, who: str, clock: Clock) -> bool:
    """A person has looked at it; False when there is no such problem."""
    changed = store.execute(
        "UPDATE problems SET seen_at = ?, seen_by = ? WHERE id = ?",
        [stamp(clock.now()), who, number],
    )
    return changed == 1


def _plain(row: Row) -> Row:
    statuses = set(json.loads(row.pop("statuses")))
    for name in ("releases", "machines"):
        row[name] = sorted({item for items in json.loads(row[name]) for item in items})
    row["sites"] = sorted(json.loads(row["sites"]))
    # Broken since the release that the site named which saw it first.
    row["since_release"] = min(json.loads(row.pop("since")), key=lambda pair: pair[0])[1]
    seen_as = next((s for s in ("regression", "new") if s in statuses), "known")
    row["status"] = {"": seen_as, "back": "regression"}.get(row["state"], row["state"])
    row["open"] = bool(row["open"])
    if row["state"] not in {"resolved", "back"}:
        row["resolved_in"] = ""
    row["came_back_in"] = ", ".join(sorted(set((row["came_back_in"] or "").split(", ")) - {""}))
    return row


def _escape(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
