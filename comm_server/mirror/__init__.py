"""The one gate for releases: pulled, pushed or carried in, all are verified here by TUF.

``live/`` is what clients read and at the same time the mirror's memory of the newest state seen.
An offer is verified in ``staging/`` against a copy of that memory; it either becomes live as a
whole or leaves a note in ``quarantine/``.
"""

from comm_server.mirror.answers import Accepted, Refused, Release
from comm_server.mirror.gate import Mirror

__all__ = ["Accepted", "Mirror", "Refused", "Release"]
