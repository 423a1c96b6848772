"""Which reports are one problem.

Pure: no I/O, the standard library alone. Each version of the grouper is a module of its own and
is frozen once released: the version is kept on each problem, and a changed rule is a new module.
What `v1` uses (`names`, `normalise`, `own`) is frozen with it; `traces` reads pasted texts.
"""

from __future__ import annotations

from comm_server.grouping.traces import from_text
from comm_server.grouping.v1 import Grouping, group

CURRENT = "v1"

__all__ = ["CURRENT", "Grouping", "from_text", "group"]
