"""What is running: from bare facts to parts with a status and what to do about it.

A part carries no sentence: ``finding`` and ``advice`` are names of texts and ``facts`` their
blanks, so that the page speaks its reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from appliance.domain.telephony.trunks import Registration


class Status(StrEnum):
    """One word for a part."""

    WORKS = "works"
    ATTENTION = "attention"
    FAILED = "failed"
    OFF = "off"


@dataclass(frozen=True)
class Part:
    """One line of the page.

    Attributes:
        key: which part, e.g. ``database``.
        finding: what was found, the name of a text below ``running.<key>``.
        facts: numbers, names and moments for that text.
        advice: what to do, the name of a text below ``running.<key>``; empty: nothing.
    """

    key: str
    status: Status
    finding: str
    facts: Mapping[str, object]
    advice: str = ""

    def without_details(self) -> Part:
        """For people who may know that a part works, but not the machine's particulars."""
        return replace(self, finding="", facts={})


@dataclass(frozen=True)
class Machine:
    """The process and its disk; bytes, and aware moments."""

    version: str
    started_at: datetime
    now: datetime
    memory: int
    threads: int
    disk_free: int
    disk_total: int
    folder: str


@dataclass(frozen=True)
class Storage:
    """The database; ``trouble`` is empty when it answers."""

    kind: str
    size: int
    schema: str
    trouble: str = ""


class Trouble(StrEnum):
    """Why the communications server was not reached; each has a text of its own."""

    REFUSED = "refused"  # the machine is there, the program is not
    SILENT = "silent"  # no answer in time
    UNKNOWN = "unknown"  # its name leads nowhere
    STRANGER = "stranger"  # its certificate is not the site's
    UNWELL = "unwell"  # it answers, but not that it is well
    AWAY = "away"  # anything else


@dataclass(frozen=True)
class Communications:
    """How the communications server was last found.

    Attributes:
        address: empty when none is configured.
        reachable: None before the first look.
        since: when ``reachable`` became what it is.
        trouble: why it was not reached.
    """

    address: str = ""
    reachable: bool | None = None
    since: datetime | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Reporting:
    """Whether errors are reported, and how many reports wait on the disk."""

    on: bool
    waiting: int


class SwitchState(StrEnum):
    """How the switch of the telephones is found; each has a text of its own, but for the first."""

    WORKS = "works"
    UNWATCHED = "unwatched"  # nobody would start it again
    ALONE = "alone"  # no process of the appliance takes its calls
    SILENT = "silent"  # it runs, and does not answer
    ENDED = "ended"


@dataclass(frozen=True)
class Switch:
    """The switch of the telephones; ``version`` is empty when none is installed on this machine."""

    version: str = ""
    state: SwitchState = SwitchState.ENDED


def describe(
    machine: Machine,
    storage: Storage,
    communications: Communications,
    reporting: Reporting,
    switch: Switch,
    least_disk: int,
) -> list[Part]:
    """All parts, in the order of the page. ``least_disk`` is in bytes."""
    return [
        _appliance(machine),
        _database(storage),
        _disk(machine, least_disk),
        _communications(communications),
        _reporting(reporting, communications),
        Part("backup", Status.ATTENTION, "none", {}, "advice"),
        telephony_part(switch),
    ]


def telephony_part(switch: Switch) -> Part:
    """The switch, and what is wrong with it."""
    if not switch.version:
        return Part("telephony", Status.OFF, "off", {}, "off_advice")
    facts = {"version": switch.version}
    if switch.state is SwitchState.WORKS:
        return Part("telephony", Status.WORKS, "found", facts)
    found = str(switch.state)
    calls_come = switch.state is SwitchState.UNWATCHED
    status = Status.ATTENTION if calls_come else Status.FAILED
    return Part("telephony", status, found, facts, f"{found}_advice")


def trunks_part(stands: Mapping[str, Registration]) -> list[Part]:
    """Nothing without registered trunks; each that does not stand is named, with why."""
    if not stands:
        return []
    facts: dict[str, object] = {"count": len(stands)}
    for state in Registration:
        if state is Registration.REGISTERED:
            continue
        names = sorted(name for name, found in stands.items() if found is state)
        if names:
            told = facts | {"names": ", ".join(names)}
            return [Part("trunks", Status.FAILED, str(state), told, f"{state}_advice")]
    return [Part("trunks", Status.WORKS, "found", facts)]


def webhooks_part(names: Sequence[str], stopped: Sequence[str]) -> list[Part]:
    """Nothing without webhooks; ``stopped`` were turned off because nothing arrived."""
    if not names:
        return []
    facts = {"count": len(names), "stopped": ", ".join(stopped)}
    if stopped:
        return [Part("webhooks", Status.ATTENTION, "stopped", facts, "advice")]
    return [Part("webhooks", Status.WORKS, "found", facts)]


def _appliance(machine: Machine) -> Part:
    return Part(
        "appliance",
        Status.WORKS,
        "found",
        {
            "version": machine.version,
            "uptime_seconds": int((machine.now - machine.started_at).total_seconds()),
            "started_at": machine.started_at,
            "memory_bytes": machine.memory,
            "threads": machine.threads,
        },
    )


def _database(storage: Storage) -> Part:
    facts = {"kind": storage.kind, "size_bytes": storage.size, "schema": storage.schema}
    if storage.trouble:
        return Part(
            "database", Status.FAILED, "failed", facts | {"trouble": storage.trouble}, "advice"
        )
    return Part("database", Status.WORKS, "found", facts)


def _disk(machine: Machine, least: int) -> Part:
    facts = {
        "free_bytes": machine.disk_free,
        "total_bytes": machine.disk_total,
        "folder": machine.folder,
    }
    if machine.disk_free < least:
        return Part("disk", Status.ATTENTION, "found", facts, "advice")
    return Part("disk", Status.WORKS, "found", facts)


def _communications(found: Communications) -> Part:
    if not found.address:
        return Part("communications", Status.OFF, "off", {}, "off_advice")
    facts: dict[str, object] = {"address": found.address}
    if found.reachable is None:
        return Part("communications", Status.ATTENTION, "not_looked", facts)
    facts["since"] = found.since
    if found.reachable:
        return Part("communications", Status.WORKS, "found", facts)
    facts["trouble"] = found.trouble or Trouble.AWAY
    return Part("communications", Status.FAILED, "failed", facts, "advice")


def _reporting(reporting: Reporting, communications: Communications) -> Part:
    facts = {"waiting": reporting.waiting}
    if not reporting.on:
        return Part("reporting", Status.OFF, "off", facts, "off_advice")
    if reporting.waiting and communications.reachable is False:
        return Part("reporting", Status.ATTENTION, "waiting", facts, "advice")
    return Part("reporting", Status.WORKS, "found", facts)
