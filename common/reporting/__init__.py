"""Errors of a program go to disk first, then to the site's communications server.

`set_up` initialises sentry-sdk with a transport that writes every envelope durably before it is
sent, so that neither a server that is away for weeks nor a SIGKILL right after the crash loses
a report. Imports are few: this goes into every packaged program.
"""

from common.reporting.files import ReportFolder
from common.reporting.setup import set_up
from common.reporting.transport import SpoolTransport

__all__ = ["ReportFolder", "SpoolTransport", "set_up"]
