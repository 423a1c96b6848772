"""A site with clients, and what they ask and tell, without the wire."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from common.wire.rollout import Terms
from tests.support.site import TestSite

PRODUCT, CHANNEL, PLATFORM = "companion", "stable", "linux-x86_64"
MAY_RETURN = Terms(may_return=True)


class RolloutWorld:
    """Clients ``seat-1`` … of one site."""

    def __init__(self, site: TestSite) -> None:
        self.site = site
        self.store = site.store
        self.rollout = site.parts.rollout
        self.orders = site.parts.orders
        self._receipts = 0

    def settings(self, **changes: Any) -> None:
        now = self.site.parts.settings.current
        self.site.parts.settings.current = replace(now, rollout=replace(now.rollout, **changes))

    def join(self, *names: str, release: str = "1.0.0", channel: str = CHANNEL) -> None:
        for name in names:
            self.store.execute(
                "INSERT INTO clients (client, name, platform, certificate_sha256, public_key, "
                "joined_at, last_seen) VALUES (?, ?, ?, ?, 'k', ?, ?)",
                (f"c-{name}", name, PLATFORM, f"f-{name}", self.site.now, self.site.now),
            )
            self.site.parts.fleet.adopt(f"c-{name}", PRODUCT, channel, PLATFORM, release)

    def ship(self, version: str, channel: str = CHANNEL, terms: Terms = MAY_RETURN) -> None:
        self.store.execute(
            "INSERT INTO terms VALUES (?, ?, ?, ?)",
            (PRODUCT, channel, version, json.dumps(terms.as_dict())),
        )
        self.store.execute(
            "INSERT INTO mirrored VALUES (?, ?, ?, ?, ?)",
            (PRODUCT, channel, PLATFORM, version, self.site.now),
        )
        self.rollout.run_once()

    def heard(self, *names: str, state: str = "idle", version: str = "1.0.0") -> None:
        program = {"product": PRODUCT, "version": version, "state": state}
        for name in names:
            self.site.parts.fleet.heard(f"c-{name}", {"programs": [program]})

    def asks(self, name: str, version: str = "1.0.2", step: str = "switch") -> bool:
        return self.rollout.decide(f"c-{name}", PRODUCT, version, step)[0]

    def why(self, name: str, version: str = "1.0.2", step: str = "switch") -> str:
        return self.rollout.decide(f"c-{name}", PRODUCT, version, step)[1]

    def tell(
        self, name: str, outcome: str = "committed", version: str = "1.0.2", **more: Any
    ) -> str:
        self._receipts += 1
        statement = {
            "id": f"r-{self._receipts}", "client": f"c-{name}", "product": PRODUCT,
            "version": version, "outcome": outcome, "reason": "it died", "at": self.site.now,
            **more,
        }  # fmt: skip
        if outcome == "committed":
            self.heard(name, version=version)
        return self.rollout.keep_receipt(f"c-{name}", statement, {"statement": statement})

    def install(self, *names: str, version: str = "1.0.2") -> None:
        for name in names:
            assert self.asks(name, version), self.why(name, version)
            self.tell(name, version=version)

    def row(self, version: str = "1.0.2") -> dict[str, Any]:
        found = self.store.row("SELECT * FROM rollouts WHERE version = ?", (version,))
        assert found is not None
        return found

    def pass_time(self, **delta: float) -> None:
        """Time passes, everybody speaks, and the rollout goes on."""
        self.site.clock.advance(**delta)
        self.store.execute("UPDATE clients SET last_seen = ?", (self.site.now,))
        self.rollout.run_once()

    def hints(self) -> list[str]:
        return [
            row["data"]
            for row in self.store.rows(
                "SELECT data FROM feed_events WHERE kind = 'turn' ORDER BY id"
            )
        ]

    def said(self) -> list[str]:
        return [row["code"] for row in reversed(self.rollout.decisions())]
