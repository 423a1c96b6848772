"""How the communications server deals with the disk below it."""

from __future__ import annotations

from dataclasses import dataclass

from common.settings import setting


@dataclass(frozen=True)
class DiskSettings:
    """A disk that fills up, and one that changes bytes."""

    ballast: int = setting(
        64 * 2**20,
        unit="bytes",
        minimum=0,
        doc="Room held back in the data folder, really allocated. When the disk is full it is "
        "given back, so that what was taken is still looked through and mailed, with the alarm. "
        "0: none. 64 MiB are several of the largest mails.",
    )
    least_free: int = setting(
        128 * 2**20,
        unit="bytes",
        minimum=0,
        doc="With less free on the disk of the data folder no report is taken: connections are "
        "closed, and senders keep their reports. Enough that the system itself goes on.",
    )
    resume_free: int = setting(
        256 * 2**20,
        unit="bytes",
        minimum=0,
        doc="Reports are taken again when this much is free with the ballast aboard; more than "
        "`least_free`, so that it does not change with every file.",
    )
    check_seconds: float = setting(
        20.0,
        unit="seconds",
        minimum=0.1,
        doc="How long the check of every page of the database may hold up a start; an hourly one "
        "in the background takes twenty times as long if it must. A gigabyte takes about ten "
        "seconds.",
    )
    keep_damaged: int = setting(
        2,
        unit="files",
        minimum=0,
        doc="Damaged databases that were set aside and are kept for people; the oldest go first.",
    )
