"""Tells each step in one line, with its evidence."""

from __future__ import annotations

import json
import time
from typing import Any

from rich.console import Console


class Teller:
    """Prints; for people by default, one JSON object a line for programs."""

    def __init__(self, console: Console, *, as_json: bool) -> None:
        self._console = console
        self._as_json = as_json
        self._begun = time.monotonic()

    def note(self, text: str) -> None:
        """Something on the way, not a step."""
        if not self._as_json:
            self._console.print(f"        {text}", style="dim", highlight=False, markup=False)

    def step(self, number: str, text: str, /, **evidence: Any) -> None:
        """A step that held."""
        self._tell(number, "ok", text, evidence)

    def failed(self, number: str, text: str) -> None:
        """The step that did not hold; the story ends here."""
        self._tell(number, "FAILED", text, {})

    def done(self, text: str) -> None:
        """The end of the story."""
        self._tell("end", "ok", text, {"seconds": round(time.monotonic() - self._begun, 1)})

    def _tell(self, number: str, outcome: str, text: str, evidence: dict[str, Any]) -> None:
        at = time.monotonic() - self._begun
        if self._as_json:
            line = {"step": number, "outcome": outcome, "text": text, "at": round(at, 1)}
            print(json.dumps(line | {"evidence": evidence}, ensure_ascii=False), flush=True)  # noqa: T201
            return
        facts = "  ".join(f"{name}={value}" for name, value in evidence.items())
        style = "green" if outcome == "ok" else "bold red"
        self._console.print(
            f"{at:6.1f} s {number:>4} {outcome:<6} {text}" + (f"  [{facts}]" if facts else ""),
            style=style,
            highlight=False,
            markup=False,
        )
