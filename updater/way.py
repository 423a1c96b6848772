"""By which way a release came here: for the next step, and for the receipt."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from updater.journal import Journal


@dataclass(frozen=True)
class Way:
    """How the bytes of one release came.

    Attributes:
        digest: of the release.
        by: ``delta``, ``full``, or empty when nothing came yet.
        bytes: that were fetched for it.
        refused: why its delta could not be used; empty when it could, or there was none.
    """

    digest: str
    by: str = ""
    bytes: int = 0
    refused: str = ""

    @staticmethod
    def read(journal: Journal, product: str, digest: str) -> Way:
        """What is remembered of this release; of another one nothing."""
        text = journal.fact(_fact(product))
        found = Way(**json.loads(text)) if text else None
        return found if found and found.digest == digest else Way(digest)

    def keep(self, journal: Journal, product: str) -> None:
        """Remember it, in place of what was remembered of a release before."""
        journal.keep_fact(_fact(product), json.dumps(asdict(self)))


def _fact(product: str) -> str:
    return f"way:{product}"
