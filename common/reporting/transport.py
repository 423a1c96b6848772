"""The sentry-sdk transport that keeps first and sends later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from sentry_sdk.utils import Dsn, logger

from common.reporting.files import ReportFolder
from common.reporting.sender import Sender


class SpoolTransport(Transport):
    """Writes every envelope durably in the caller's thread, then lets a `Sender` send it.

    Args:
        dsn: None keeps reports until a start with a DSN.
        folder: the spool; programs with different DSNs need different ones.
        most_bytes: reports beyond it are refused and counted.
        sending: further arguments of `Sender`.
    """

    def __init__(self, dsn: str | None, folder: Path, most_bytes: int, **sending: Any) -> None:
        super().__init__()
        self.reports = ReportFolder(folder, most_bytes)
        self._sender: Sender | None = None
        if dsn:
            self.parsed_dsn = Dsn(dsn)  # the SDK leaves requests to this address alone
            self._sender = Sender(self.reports, self.parsed_dsn, **sending)
            self._sender.start()

    def capture_envelope(self, envelope: Envelope) -> None:
        """On disk when it returns. Never raises: the program has an error already."""
        data = envelope.serialize()
        try:
            if not self.reports.put(data):
                for item in envelope.items:
                    self.reports.count_lost(item.data_category, "queue_overflow")
        except OSError as error:
            logger.error("a report could not be kept: %r", error)
            if self._sender:
                self._sender.hold(data)
        if self._sender:
            self._sender.wake()

    def flush(self, timeout: float, callback: Any = None) -> None:  # noqa: ARG002 - the SDK's
        """Wait for the sender, but not for a server that is away: the reports are kept."""
        if self._sender:
            self._sender.flush(timeout)

    def kill(self) -> None:
        """Stop sending."""
        if self._sender:
            self._sender.stop()
