"""Fills a data folder for the measurement of chats, in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.chat_room import make

if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True)
    make(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
