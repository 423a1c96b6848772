"""`callstead appliance run` over plain HTTP, as the relays speak it; TLS is measured apart."""

from __future__ import annotations

import appliance.process as wiring

if __name__ == "__main__":
    wiring._identity = lambda *_: None  # type: ignore[assignment, return-value]
    wiring.run_appliance()
