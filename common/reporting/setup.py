"""One call that makes a program report."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import sentry_sdk

from common.reporting.transport import SpoolTransport

MOST_BYTES = 64 * 2**20  # some 8,000 errors: weeks of a bad program, and no disk fills up


def set_up(
    *,
    spool: Path,
    dsn: str | None = None,
    release: str | None = None,
    environment: str = "production",
    ca_file: Path | None = None,
    most_bytes: int = MOST_BYTES,
    sending: dict[str, Any] | None = None,
    **options: Any,
) -> SpoolTransport:
    """Initialise sentry-sdk; an uncaught exception is on disk before the program ends.

    Personal data stays out as far as the SDK knows it: `send_default_pii` is left at its default.

    Args:
        spool: folder of reports that wait; it must survive updates of the program.
        dsn: where to report, else ``SENTRY_DSN``; none: reports wait for a start that has one.
        release: ``program@version``, else ``CALLSTEAD_RELEASE``.
        environment: as Sentry means it.
        ca_file: PEM of the site's CA, else ``CALLSTEAD_CA_FILE``, else the machine's authorities.
        most_bytes: how much may wait on disk.
        sending: further arguments of `common.reporting.sender.Sender` (pauses, time-outs).
        options: further options of ``sentry_sdk.init``.
    """
    named_ca = os.environ.get("CALLSTEAD_CA_FILE")
    dsn = dsn or os.environ.get("SENTRY_DSN") or None
    transport = SpoolTransport(
        dsn,
        spool,
        most_bytes,
        ca_file=ca_file or (Path(named_ca) if named_ca else None),
        **(sending or {}),
    )
    settings: dict[str, Any] = {
        "dsn": dsn,
        "transport": transport,
        "release": release or os.environ.get("CALLSTEAD_RELEASE"),
        "environment": environment,
        "server_name": os.environ.get("CALLSTEAD_CLIENT") or socket.gethostname(),
        "attach_stacktrace": True,
        "include_local_variables": True,
        "auto_session_tracking": False,
    }
    sentry_sdk.init(**(settings | options))
    return transport
