"""What the mirror answers to an offer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Via = Literal["pull", "push", "usb"]


@dataclass(frozen=True)
class Release:
    """What a channel points to on a platform."""

    product: str
    channel: str
    platform: str
    version: str


@dataclass(frozen=True)
class Accepted:
    """The offer is live.

    Attributes:
        via: how it came.
        releases: what was not known here before.
        fetched: bytes that came from the source.
    """

    via: Via
    releases: tuple[Release, ...]
    fetched: int

    @property
    def sentence(self) -> str:
        """For people."""
        if not self.releases:
            return "Verified; there is nothing new."
        new = ", ".join(
            f"{r.product} {r.version} ({r.channel}, {r.platform})" for r in self.releases
        )
        return f"Verified and taken in: {new}."

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "accepted": True,
            "via": self.via,
            "releases": [asdict(release) for release in self.releases],
            "fetched": self.fetched,
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class Refused:
    """The offer was not taken; what is live is as it was.

    Attributes:
        via: how it came.
        kind: stable word, see `common.trust.repository`.
        sentence: for people.
        evidence: folder with what was offered; None when the same was refused shortly before.
    """

    via: Via
    kind: str
    sentence: str
    evidence: Path | None

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "accepted": False,
            "via": self.via,
            "kind": self.kind,
            "sentence": self.sentence,
            "evidence": str(self.evidence) if self.evidence else None,
        }
