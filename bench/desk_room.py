"""Fills a data folder for the measurement of the desk, in a process of its own.

One agent with 300 chats under way, a few lines in each and 2,000 in one of them, and room for more.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from appliance.domain.work import Work
from appliance.office import Office
from appliance.services.say_message import Saying, say_message
from appliance.settings import ApplianceSettings
from common.clock import SystemClock
from tests.support.chat_room import make

_SAID = (
    "My order 4711 has not arrived yet. Can you tell me where it is?",
    "您好，请稍等，我马上为您查询。",
    "Thank you.",
    "The parcel left on Monday, see https://post.example/4711. Is it not there by Friday?\nWrite.",
    "Good.",
)
_SHORT = 6  # lines in each of the others


def _speak(work: Work, conversation: int, agent: int, which: range) -> None:
    for n in which:
        by = agent if n % 2 else None
        text = f"{n + 1}: {_SAID[n % len(_SAID)]}"
        say_message(work, Saying(conversation, f"line-{n}", text, by), 4000)


def fill(folder: Path, conversations: int, messages: int) -> None:
    """Make it; which conversation is the long one stands in ``room.json``."""
    folder.mkdir(parents=True)
    make(folder, conversations, 1)
    room = json.loads((folder / "room.json").read_text())
    agent = room["agents"][0]["id"]
    numbers = [one["conversation"] for one in room["visitors"]]
    room["long"] = numbers[len(numbers) // 2]
    with Office.opened(ApplianceSettings(data_dir=str(folder)), SystemClock()) as office:
        write = office.floor.write
        write(lambda work: work.save_agent(replace(work.agent(agent), capacity=25 * 1000)))
        for number in numbers:
            if number != room["long"]:
                write(lambda work, number=number: _speak(work, number, agent, range(_SHORT)))
        for first in range(0, messages, 200):
            lines = range(first, min(messages, first + 200))
            write(lambda work, lines=lines: _speak(work, room["long"], agent, lines))
    (folder / "room.json").write_text(json.dumps(room))


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
