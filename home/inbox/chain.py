"""Gaps, the chain of hashes and forks: derived from the bundles that are there, never stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from common.spool import Row, Store

# A sequence number is the site's word; a broken site must not make an endless list of us.
MOST_MISSING = 200

# What was let go of by age (`sites.forgotten`) is not missing, and begins no chain. All of these
# read the index `bundles_chain` and never the rows, which hold whole manifests.
_GAPS = """
    SELECT b.site, sites.name AS site_name, 1 + COALESCE(
               (SELECT MAX(p.sequence) FROM bundles p
                WHERE p.site = b.site AND p.sequence < b.sequence), sites.forgotten) AS first,
           b.sequence - 1 AS last, MIN(b.received_at) AS noticed_at
    FROM sites JOIN bundles b ON b.site = sites.id
    WHERE b.sequence > sites.forgotten + 1 AND NOT EXISTS (SELECT 1 FROM bundles p
          WHERE p.site = b.site AND p.sequence = b.sequence - 1) {of}
    GROUP BY b.site, b.sequence
    ORDER BY site_name, first
"""

# A bundle's predecessors are all bundles with the sequence below; one of them must fit.
_STATE = """
    SELECT b.id, b.site, sites.name AS site_name, b.sequence, b.sha256,
        CASE
            WHEN EXISTS (SELECT 1 FROM bundles f WHERE f.site = b.site
                         AND f.sequence = b.sequence AND f.id != b.id) THEN 'fork'
            WHEN b.sequence = 1 THEN CASE WHEN b.previous IS NULL THEN 'whole' ELSE 'broken' END
            WHEN b.sequence <= sites.forgotten + 1 THEN 'whole'
            WHEN NOT EXISTS (SELECT 1 FROM bundles p WHERE p.site = b.site
                             AND p.sequence = b.sequence - 1) THEN 'open'
            WHEN EXISTS (SELECT 1 FROM bundles p WHERE p.site = b.site
                         AND p.sequence = b.sequence - 1 AND p.sha256 = b.previous) THEN 'whole'
            ELSE 'broken'
        END AS chain
    FROM bundles b JOIN sites ON sites.id = b.site
"""
_DOUBTED = f"""{_STATE} WHERE b.id IN (
        SELECT b.id FROM sites JOIN bundles b ON b.site = sites.id AND b.sequence = 1
            WHERE b.previous IS NOT NULL
        UNION ALL SELECT b.id FROM bundles b JOIN bundles p ON p.site = b.site
            AND p.sequence = b.sequence - 1 WHERE p.sha256 IS NOT b.previous
        UNION ALL SELECT b.id FROM (SELECT site, sequence FROM bundles GROUP BY site, sequence
            HAVING COUNT(*) > 1) f JOIN bundles b ON b.site = f.site AND b.sequence = f.sequence)
    ORDER BY site_name, b.sequence, b.id
"""  # noqa: S608 - constants alone


@dataclass(frozen=True)
class Gap:
    """Bundles ``first`` to ``last`` of a site are missing; noticed when a later one came."""

    site: str
    site_name: str
    first: int
    last: int
    noticed_at: str

    @property
    def sentence(self) -> str:
        """In plain words."""
        if self.first == self.last:
            return f"site {self.site_name}: bundle {self.first} is missing"
        return f"site {self.site_name}: bundles {self.first} to {self.last} are missing"


def gaps(store: Store, site: str = "") -> list[Gap]:
    """What is missing, of one site or of all."""
    of = "AND sites.id = ?" if site else ""
    return [Gap(**row) for row in store.rows(_GAPS.format(of=of), [site] if site else [])]


def missing(store: Store, site: str) -> list[int]:
    """The missing sequence numbers of a site, the lowest `MOST_MISSING`."""
    numbers: list[int] = []
    for gap in gaps(store, site):
        room = MOST_MISSING - len(numbers)
        numbers.extend(range(gap.first, min(gap.last, gap.first + room - 1) + 1))
    return numbers


def chain(store: Store, bundles: Iterable[int]) -> dict[int, str]:
    """The state of each of these bundles, by its id.

    ``whole``: it names its predecessor's hash; ``open``: the predecessor is missing; ``broken``:
    it names another one; ``fork``: there is another bundle with the same sequence.
    """
    asked = list(bundles)
    places = ", ".join("?" * len(asked))
    rows = store.rows(f"{_STATE} WHERE b.id IN ({places})", asked)
    return {row["id"]: row["chain"] for row in rows}


def breaks(store: Store) -> list[Row]:
    """Broken and forked bundles of all sites: ``{site, site_name, sequence, chain, …}``."""
    return [row for row in store.rows(_DOUBTED) if row["chain"] in {"broken", "fork"}]
