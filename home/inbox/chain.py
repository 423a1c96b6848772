"""Gaps, the chain of hashes and forks: derived from the bundles that are there, never stored."""

from __future__ import annotations

from dataclasses import dataclass

from common.spool import Row, Store

# A sequence number is the site's word; a broken site must not make an endless list of us.
MOST_MISSING = 200

_GAPS = """
    WITH distinct_bundles AS (
        SELECT site, sequence, MIN(received_at) AS received_at FROM bundles GROUP BY site, sequence
    ), pairs AS (
        SELECT site, sequence, received_at,
               LAG(sequence, 1, 0) OVER (PARTITION BY site ORDER BY sequence) AS before
        FROM distinct_bundles
    )
    SELECT pairs.site, sites.name AS site_name, before + 1 AS first, sequence - 1 AS last,
           pairs.received_at AS noticed_at
    FROM pairs JOIN sites ON sites.id = pairs.site
    WHERE sequence > before + 1 AND (? = '' OR pairs.site = ?)
    ORDER BY site_name, first
"""

# A bundle's predecessors are all bundles with the sequence below; one of them must fit.
_CHAIN = """
    SELECT id, sequence, sha256,
        CASE
            WHEN EXISTS (SELECT 1 FROM bundles f WHERE f.site = b.site
                         AND f.sequence = b.sequence AND f.id != b.id) THEN 'fork'
            WHEN sequence = 1 THEN CASE WHEN previous IS NULL THEN 'whole' ELSE 'broken' END
            WHEN NOT EXISTS (SELECT 1 FROM bundles p WHERE p.site = b.site
                             AND p.sequence = b.sequence - 1) THEN 'open'
            WHEN EXISTS (SELECT 1 FROM bundles p WHERE p.site = b.site
                         AND p.sequence = b.sequence - 1 AND p.sha256 = b.previous) THEN 'whole'
            ELSE 'broken'
        END AS chain
    FROM bundles b
    WHERE site = ?
"""


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
    return [Gap(**row) for row in store.rows(_GAPS, [site, site])]


def missing(store: Store, site: str) -> list[int]:
    """The missing sequence numbers of a site, the lowest `MOST_MISSING`."""
    numbers: list[int] = []
    for gap in gaps(store, site):
        room = MOST_MISSING - len(numbers)
        numbers.extend(range(gap.first, min(gap.last, gap.first + room - 1) + 1))
    return numbers


def chain(store: Store, site: str) -> dict[int, str]:
    """Each bundle's state by its id.

    ``whole``: it names its predecessor's hash; ``open``: the predecessor is missing; ``broken``:
    it names another one; ``fork``: there is another bundle with the same sequence.
    """
    return {row["id"]: row["chain"] for row in store.rows(_CHAIN, [site])}


def breaks(store: Store) -> list[Row]:
    """Broken and forked bundles of all sites: ``{site, site_name, sequence, chain, …}``."""
    found: list[Row] = []
    for site in store.rows("SELECT id, name FROM sites ORDER BY name"):
        states = store.rows(_CHAIN, [site["id"]])
        found += [
            {"site": site["id"], "site_name": site["name"], **state}
            for state in states
            if state["chain"] in {"broken", "fork"}
        ]
    return found
