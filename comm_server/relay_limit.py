"""How large a mail the relay takes, as far as it was heard; kept until another relay is set."""

from __future__ import annotations

import json
from typing import Any

from common.spool import Store

# Below this no bundle is worth its mail, and people must talk to whoever runs the relay.
LEAST = 65_536
_FACT = "mail.limit"


def most_for(store: Store, relay: str, own: int) -> int:
    """Bytes of the largest mail for ``relay`` (host:port), at most ``own``."""
    kept = _kept(store)
    return min(own, int(kept["most"])) if kept.get("relay") == relay else own


def learn(store: Store, relay: str, most: int) -> int:
    """Make mails for ``relay`` no larger than ``most``; answers what is kept, at least `LEAST`."""
    most = max(most, LEAST)
    store.execute(
        "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)",
        (_FACT, json.dumps({"relay": relay, "most": most})),
    )
    return most


def _kept(store: Store) -> dict[str, Any]:
    value = store.value("SELECT value FROM facts WHERE name = ?", (_FACT,))
    return dict(json.loads(value)) if value else {}
