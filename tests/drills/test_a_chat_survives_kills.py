"""SIGKILL under load: every acknowledged message is there once, in order, on both sides."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from common.logs import get_logger
from tests.support.chat_ends import End
from tests.support.chat_room import make

log = get_logger(__name__)

_DEADLINE = 300.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Drill:
    """An appliance that is killed and started again, and the ends of its chats."""

    def __init__(self, folder: Path, visitors: int, agents: int) -> None:
        self.folder = folder / "appliance"
        self.folder.mkdir(parents=True)
        make(self.folder, visitors, agents)
        room = json.loads((self.folder / "room.json").read_text())
        self.port = free_port()
        url = f"wss://127.0.0.1:{self.port}/api/v1/feed"
        self.visitors = [
            End(url, f"visitor/{one['conversation']}", {}, [one["conversation"]],
                f"v{one['conversation']}", ["callstead", f"key.{one['key']}"])
            for one in room["visitors"]
        ]  # fmt: skip
        self.agents = [
            End(url, f"agent/{one['id']}", {"Cookie": one["cookie"]},
                [v["conversation"] for v in room["visitors"] if v["agent"] == one["id"]],
                f"a{one['id']}")
            for one in room["agents"]
        ]  # fmt: skip
        self.agent_of = {one["conversation"]: one["agent"] for one in room["visitors"]}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def ends(self) -> list[End]:
        return [*self.visitors, *self.agents]

    @property
    def acknowledged(self) -> int:
        return sum(len(end.acknowledged) for end in self.ends)

    def start(self) -> None:
        environment = {
            **os.environ,
            "CALLSTEAD_HOME": str(self.folder.parent),
            "CALLSTEAD_APPLIANCE_HOST": "127.0.0.1",
            "CALLSTEAD_APPLIANCE_PORT": str(self.port),
            "CALLSTEAD_APPLIANCE_CHAT_COMMANDS_A_SECOND": "1000",
            "CALLSTEAD_APPLIANCE_LIMITS_MESSAGES_PER_SECOND": "0",
        }
        environment.pop("CALLSTEAD_SETTINGS", None)
        with (self.folder.parent / "log").open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "common", "appliance", "run"],
                env=environment, stdout=out, stderr=out,
            )  # fmt: skip

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(60)

    def told(self) -> str:
        refused = [end.refused[:1] for end in self.ends if end.refused][:3]
        tail = (self.folder.parent / "log").read_text().splitlines()[-15:]
        return f"{refused} {tail}"

    async def until(self, probe: Any, what: str) -> None:
        deadline = time.monotonic() + _DEADLINE
        while not probe():
            assert time.monotonic() < deadline, f"waited for {what}; {self.told()}"
            await asyncio.sleep(0.01)

    async def run(self, kills: int, seed: int) -> None:
        chance = random.Random(seed)
        self.start()
        tasks = [asyncio.create_task(end.live()) for end in self.ends]
        try:
            for _ in range(kills):
                # Any moment counts: while it comes up again, and after so many answers more.
                if chance.random() < 0.15:
                    await asyncio.sleep(chance.random() * 2)
                else:
                    enough = self.acknowledged + chance.randrange(1, 200)
                    await self.until(lambda enough=enough: self.acknowledged >= enough, "answers")
                    await asyncio.sleep(chance.random() * 0.2)
                self.kill()
                self.start()
            for end in self.ends:
                end.talks = False
            await self.until(lambda: not any(end.unanswered for end in self.ends), "all answers")
            await self.until(self._all_heard, "all to be heard")
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            self.kill()
        faults = [one for one in ended if not isinstance(one, asyncio.CancelledError)]
        assert not faults, faults

    def _all_heard(self) -> bool:
        return all(
            len(end.heard) >= sum(len(kept) for chat, kept in self.kept.items()
                                  if chat in end.chats)
            for end in self.ends
        )  # fmt: skip

    @property
    def kept(self) -> dict[int, list[tuple[int, str]]]:
        """Number and key of each message of each conversation, as the database has them."""
        found: dict[int, list[tuple[int, str]]] = {chat: [] for chat in self.agent_of}
        database = sqlite3.connect(f"file:{self.folder / 'appliance.db'}?mode=ro", uri=True)
        try:
            for chat, number, key in database.execute(
                "SELECT conversation, number, key FROM messages ORDER BY conversation, number"
            ):
                found[chat].append((number, key))
        finally:
            database.close()
        return found

    def verdict(self) -> None:
        """What was acknowledged is there, once, in order, in the database and on both sides."""
        for chat, kept in self.kept.items():
            assert [number for number, _key in kept] == list(range(1, len(kept) + 1))
            number_of = {key: number for number, key in kept}
            assert len(number_of) == len(kept)
            sides = [end for end in self.ends if chat in end.chats]
            assert len(sides) == 2
            for end in sides:
                heard = [(number, key) for where, number, key in end.heard if where == chat]
                assert heard == kept, end.name
                mine = [key for _number, key in kept if key.startswith(f"{end.name}-")]
                assert mine == sorted(mine), "not in the order in which it was said"
                said = [f"{end.name}-{n:06d}" for n in range(end.said)]
                assert set(said) == set(end.acknowledged)
                for key in mine:
                    assert end.acknowledged[key] == number_of[key]
        assert self.acknowledged == sum(len(kept) for kept in self.kept.values())


def figures(drill: Drill, kills: int) -> dict[str, int]:
    return {
        "kills": kills,
        "acknowledged": drill.acknowledged,
        "heard": sum(len(end.heard) for end in drill.ends),
        "breaks": sum(end.breaks for end in drill.ends),
    }


def test_a_few_kills_lose_and_double_no_word(tmp_path):
    drill = Drill(tmp_path, visitors=6, agents=2)
    asyncio.run(drill.run(kills=3, seed=1))
    drill.verdict()
    assert drill.acknowledged > 30


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_fifty_kills_lose_and_double_no_word(tmp_path):
    drill = Drill(tmp_path, visitors=40, agents=8)
    asyncio.run(drill.run(kills=50, seed=2))
    drill.verdict()
    log.info("drill.figures", **figures(drill, 50))
