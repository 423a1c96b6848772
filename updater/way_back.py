"""Whether what runs here can be left for the release before."""

from __future__ import annotations

from updater import slots
from updater.journal import Program
from updater.tools import Tools


def no_way_back(program: Program, tools: Tools) -> str:
    """Why it cannot go back to the release before; empty when it can."""
    current, previous = program.current, program.previous
    if current is None or previous is None:
        return "There is no release before to go back to."
    if findings := slots.verify(tools.folder.slots, previous.digest):
        return f"{previous.version} cannot be gone back to: {findings[0]}"
    manifest = slots.manifest_of(tools.folder.slots, current.digest)
    if manifest and not manifest.may_go_back_to(previous.version):
        return (
            f"{previous.version} may not run any more: its vendor has set {manifest.floor} as "
            f"the lowest version after {current.version}. A newer release is needed."
        )
    if manifest and not manifest.data_is_read_by(previous.version):
        return (
            f"{previous.version} cannot read what {current.version} has written since: going "
            "back would lose it. A newer release is needed."
        )
    return ""
