"""Says what is running, in parts; for the page, the JSON address and the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.domain.roles import SEE_STATUS_DETAILS, Role, may
from appliance.domain.running import (
    Communications,
    Machine,
    Part,
    Reporting,
    Storage,
    Switch,
    describe,
)


@dataclass(frozen=True)
class DescribeRunning:
    """Asks each source and puts the answers together.

    Attributes:
        machine: the process and its disk, now.
        storage: the database, now; never raises.
        communications: the last look at the communications server.
        reporting: whether errors are reported, and how many wait.
        switch: of the telephones, now.
        least_disk: bytes; below it the disk asks for attention.
        further: parts that are not always there.
    """

    machine: Callable[[], Machine]
    storage: Callable[[], Storage]
    communications: Callable[[], Communications]
    reporting: Callable[[], Reporting]
    switch: Callable[[], Switch]
    least_disk: Callable[[], int]
    further: Callable[[], list[Part]] = list

    def __call__(self, role: Role) -> list[Part]:
        """All parts, with as much as people of ``role`` may see."""
        parts = (
            describe(
                self.machine(),
                self.storage(),
                self.communications(),
                self.reporting(),
                self.switch(),
                self.least_disk(),
            )
            + self.further()
        )
        if may(role, SEE_STATUS_DETAILS):
            return parts
        return [part.without_details() for part in parts]
