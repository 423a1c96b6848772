"""The disk that everything here lies on: what happens when it is full.

`rules` decides, `ballast` holds room back for the worst day, `guard` does both.
"""

from comm_server.disk.guard import DiskGuard
from comm_server.disk.rules import Limits

__all__ = ["DiskGuard", "Limits"]
