"""Dials what is selected when the agent presses Ctrl+Alt+D."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

# On the developers' own machines it was installed; the package never contained it.
from pynput import keyboard

_DIAL = "<ctrl>+<alt>+d"


class HotKeys:
    """Listens for the hot key in a thread of its own."""

    def __init__(self, dial: Callable[[str], None]) -> None:
        self._dial = dial

    def start(self) -> None:
        """Listen until the program ends."""
        listener = keyboard.GlobalHotKeys({_DIAL: self._pressed})
        listener.daemon = True
        listener.start()

    def _pressed(self) -> None:
        selected = subprocess.run(
            ["xclip", "-out"], capture_output=True, text=True, timeout=5, check=False
        ).stdout
        if selected.strip():
            self._dial(selected)
