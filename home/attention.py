"""What needs a person of the vendor: the first thing the console shows."""

from __future__ import annotations

from dataclasses import dataclass

from common.clock import Clock, ago
from common.spool import Row, Store
from home import fleet
from home.inbox.chain import Gap, breaks, gaps
from home.inbox.problems import Filter, list_problems
from home.inbox.refused import list_refused
from home.sites import silent_sites

# Refusals and alarms are events, not states: after a week they are history, which the site's page
# keeps.
_RECENT_DAYS = 7


@dataclass(frozen=True)
class Attention:
    """Everything that waits for a person; all empty is a good day."""

    alarms: list[Row]
    problems: list[Row]
    failures: list[Row]
    refusals: list[Row]
    silent: list[Row]
    gaps: list[Gap]
    breaks: list[Row]
    refused: list[Row]

    @property
    def quiet(self) -> bool:
        """Nothing waits."""
        return not any(vars(self).values())


def gather(store: Store, clock: Clock, silent_after: float, most: int = 20) -> Attention:
    """Look everywhere; each list has at most about ``most`` entries.

    Args:
        store: ``home.db``.
        clock: tells how long a site has been silent.
        silent_after: hours.
        most: entries a list.
    """
    recently = ago(clock.now(), days=_RECENT_DAYS)
    return Attention(
        alarms=fleet.alarms(store, since=recently, most=most),
        problems=list_problems(store, Filter(status="open"), most),
        failures=fleet.failures(store, most),
        refusals=fleet.refusals(store, since=recently, most=most),
        silent=silent_sites(store, clock, silent_after),
        gaps=gaps(store),
        breaks=breaks(store),
        refused=list_refused(store, unnoted=True, most=most),
    )
