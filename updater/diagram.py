"""Draws the page docs/states-updater.md from the table, so that the two never differ."""

from __future__ import annotations

from updater.states import TABLE, State

_HEAD = """# States of a program under the updater

Drawn from the table in `updater/states.py` by `make docs`; do not edit. What is done in each
state is told at the top of that file.

```mermaid
stateDiagram-v2
    [*] --> idle
"""


def page() -> str:
    """The whole page: a diagram, then the table for those who read it as text."""
    arrows = "".join(f"    {old} --> {new}: {event}\n" for (old, event), new in TABLE.items())
    rows = "".join(f"| {old} | {event} | {new} |\n" for (old, event), new in TABLE.items())
    illegal = len(State) * len({event for _old, event in TABLE}) - len(TABLE)
    return (
        f"{_HEAD}{arrows}```\n\n| state | event | next state |\n|---|---|---|\n{rows}\n"
        f"Everything else ({illegal} pairs) is illegal and refused.\n"
    )
