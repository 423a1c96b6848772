"""`callstead appliance run` over plain HTTP, as the relays speak it; with ``--tls`` as it is."""

from __future__ import annotations

import sys

import appliance.process as wiring

if __name__ == "__main__":
    if "--tls" not in sys.argv[1:]:
        wiring._identity = lambda *_: None  # type: ignore[assignment, return-value]
    wiring.run_appliance()
