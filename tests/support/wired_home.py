"""The pretended vendor on a home that `home.app` has wired."""

from __future__ import annotations

from home.app import Parts
from tests.support.clock import FakeClock
from tests.support.vendor import Vendor


class WiredVendor(Vendor):
    """Like `Vendor`, with the keys, the database and the Maildir of a real home."""

    def __init__(self, parts: Parts, clock: FakeClock) -> None:
        self.parts = parts
        self.folder = parts.folder
        self.clock = clock
        self.store = parts.store
        self.bundle_key = parts.keys.bundle()
        self.ack_key = parts.keys.ack()
        self.maildir = parts.maildir
        self.acknowledger = parts.acknowledger
