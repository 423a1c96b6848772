"""What a release fixed, and whether it stayed fixed."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from common.spool import Row, Store
from home import fleet
from home.inbox.problems import problem


@dataclass(frozen=True)
class Since:
    """What happened to a resolved problem since it was resolved.

    Attributes:
        quiet: sites that had it and have not seen it in a later release.
        running: how many of those run the release that fixed it, or a later one.
        back: where it was seen again: ``(site, release)``.
    """

    quiet: tuple[str, ...]
    running: int
    back: tuple[tuple[str, str], ...]


def since(store: Store, row: Row) -> Since:
    """Of one resolved problem (`home.inbox.problems.problem`)."""
    product, version = split(row["resolved_in"], row["program"])
    names = {one["site"]: one["site_name"] for one in row["sightings"]}
    back = {
        one["site"]: one["came_back_in"]
        for one in row["sightings"]
        if (one["regressed_at"] or "") > row["decided_at"]
    }
    running = _sites_running(store, product, version)
    quiet = sorted((name, site) for site, name in names.items() if site not in back)
    return Since(
        tuple(name for name, _site in quiet),
        sum(site in running for _name, site in quiet),
        tuple(sorted((names[site], release) for site, release in back.items())),
    )


def fixed_by(store: Store, product: str, version: str) -> list[tuple[Row, Since]]:
    """The problems that were resolved in a release, the latest decided first."""
    rows = store.rows(
        "SELECT problem FROM summaries WHERE resolved_in = ? OR (resolved_in = ? AND program = ?)"
        " ORDER BY decided_at DESC LIMIT 200",
        [f"{product}@{version}", version, product],
    )
    found = [problem(store, row["problem"]) for row in rows]
    return [(row, since(store, row)) for row in found if row is not None]


def split(release: str, program: str) -> tuple[str, str]:
    """Product and version of ``program@version``, or of a version alone."""
    product, at, version = release.rpartition("@")
    return (product, version) if at else (program, version)


def _sites_running(store: Store, product: str, version: str) -> set[str]:
    """Sites where a client's last word is that it runs this version or a later one."""
    try:
        wanted = Version(version)
        return {
            row["site"]
            for row in fleet.latest(store)
            if row["product"] == product
            and row["outcome"] == fleet.GOOD
            and Version(row["version"]) >= wanted
        }
    except InvalidVersion:
        return set()
