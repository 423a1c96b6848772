"""How this computer is: processor, memory, disk, clock, network, by psutil."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from common.clock import Clock, stamp


def facts(folder: Path, clock: Clock) -> dict[str, Any]:
    """A JSON object; bytes, seconds and per cent.

    Args:
        folder: on the disk that matters.
        clock: this computer's; the server compares it with its own.
    """
    memory, disk, swap = (
        psutil.virtual_memory(),
        psutil.disk_usage(str(folder)),
        psutil.swap_memory(),
    )
    network = psutil.net_io_counters()
    return {
        "at": stamp(clock.now()),
        "booted": stamp(datetime.fromtimestamp(psutil.boot_time(), UTC)),
        "system": platform.platform(),
        "cpu": {
            "count": psutil.cpu_count(),
            "percent": psutil.cpu_percent(),  # since the call before
            "load": list(psutil.getloadavg()),
        },
        "memory": {
            "total": memory.total,
            "available": memory.available,
            "swap_used": swap.used,
        },
        "disk": {"total": disk.total, "free": disk.free},
        "network": {
            "sent": network.bytes_sent,
            "received": network.bytes_recv,
            "errors": network.errin + network.errout,
            "dropped": network.dropin + network.dropout,
        }
        if network
        else {},
    }
