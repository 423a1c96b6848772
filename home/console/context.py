"""What the console's blueprints work on; made once in `home.app`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from common.clock import Clock
from common.spool import Store
from home.inbox.acks import Acknowledger
from home.inbox.settings import InboxSettings
from home.publish.publication import Publication


@dataclass(frozen=True)
class Context:
    """The home as the console sees it.

    Attributes:
        folder: the home's data: ``publication``, ``acks``.
        store: ``home.db``.
        publication: read only.
        clock: now.
        token: opens the JSON API.
        inbox: the settings in force.
        acknowledger: tells a site what has arrived, and what is resolved.
    """

    folder: Path
    store: Store
    publication: Publication
    clock: Clock
    token: str
    inbox: Callable[[], InboxSettings]
    acknowledger: Acknowledger
