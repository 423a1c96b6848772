"""The load: visitors and agents on WebSockets, who say so many messages a second to each other.

A process of its own, one for all three servers. Each message has the sender's own id and a number
in its conversation and direction; what arrives is compared with what was sent: each once, in order,
on the other side. The time of a message is from just before it is written until the other side has
it. Prints one JSON object a line.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import resource
import ssl
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import uvloop
from chat_wire import Wire, opening

_AT_ONCE = 100  # connections being opened
_FILL = "All good things are said in about eighty characters, and then somebody answers."


class Dialect:
    """How one server is spoken to: the frames of a message, and what a frame means."""

    def __init__(self, load: Load, host: str) -> None:
        self.load, self.host = load, host

    def opening(self, who: dict[str, Any], *, agent: bool) -> bytes:
        raise NotImplementedError

    async def greet(self, wire: Wire, who: dict[str, Any], *, agent: bool) -> None:
        raise NotImplementedError

    def said(self, one: Talk, key: str, text: str, *, agent: bool) -> bytes:
        raise NotImplementedError

    def heard(self, payload: bytes, who: dict[str, Any], *, agent: bool) -> None:
        raise NotImplementedError


class Callstead(Dialect):
    """The feed and its commands."""

    def opening(self, who: dict[str, Any], *, agent: bool) -> bytes:
        shown = (
            {"Cookie": who["cookie"]} if agent
            else {"Sec_WebSocket_Protocol": f"callstead, key.{who['key']}"}
        )  # fmt: skip
        return opening(self.host, "/api/v1/feed", **shown)

    async def greet(self, wire: Wire, who: dict[str, Any], *, agent: bool) -> None:
        topic = f"agent/{who['id']}" if agent else f"visitor/{who['conversation']}"
        wire.send(json.dumps({"subscribe": topic, "after": who["after"]}).encode())

    def said(self, one: Talk, key: str, text: str, *, agent: bool) -> bytes:
        frame: dict[str, Any] = {"do": "say", "id": key, "with": {"key": key, "text": text}}
        if agent:
            frame["conversation"] = one.conversation
        return json.dumps(frame).encode()

    def heard(self, payload: bytes, who: dict[str, Any], *, agent: bool) -> None:
        now = time.perf_counter()
        frame = json.loads(payload)
        if "events" in frame:
            for event in frame["events"]:
                who["seq"] = self.load.next_of(who.get("seq"), event["seq"])
                data = event["data"]
                if event["kind"] == "message.said" and (data["author"] == "contact") == agent:
                    self.load.delivered(data["conversation"], data["key"], now)
        elif "answer" in frame:
            self.load.acknowledged(frame["id"], now)
        elif "heartbeat" not in frame:
            self.load.wrong("refused")
            if self.load.faults["refused"] == 1:
                print(payload[:300].decode(), file=sys.stderr)


class SocketIo(Dialect):
    """The Socket.IO protocol, version 5, over a WebSocket alone, spoken to a bare relay."""

    def opening(self, who: dict[str, Any], *, agent: bool) -> bytes:  # noqa: ARG002
        return opening(self.host, "/socket.io/?EIO=4&transport=websocket")

    async def greet(self, wire: Wire, who: dict[str, Any], *, agent: bool) -> None:
        who["joined"] = asyncio.get_running_loop().create_future()
        room = f"a{who['id']}" if agent else f"v{who['conversation']}"
        wire.send(b"40" + json.dumps({"room": room}).encode())
        await asyncio.wait_for(who["joined"], 60)
        del who["joined"]

    def said(self, one: Talk, key: str, text: str, *, agent: bool) -> bytes:
        room = f"v{one.conversation}" if agent else f"a{one.agent}"
        told = {"to": room, "conversation": one.conversation, "key": key, "text": text}
        return b"42" + str(self.load.count).encode() + json.dumps(["say", told]).encode()

    def heard(self, payload: bytes, who: dict[str, Any], *, agent: bool) -> None:  # noqa: ARG002
        now = time.perf_counter()
        if payload.startswith(b"42"):
            data = json.loads(payload[payload.index(b"[") :])[1]
            self.load.delivered(data["conversation"], data["key"], now)
        elif payload.startswith(b"43"):
            self.load.acknowledged(json.loads(payload[payload.index(b"[") :])[0], now)
        elif payload == b"2":
            who["wire"].send(b"3")
        elif payload.startswith(b"40") and "joined" in who:
            who["joined"].set_result(None)


class Talk:
    """One conversation: its two ends, and what was sent and heard in each direction."""

    def __init__(self, visitor: dict[str, Any], agent: dict[str, Any]) -> None:
        self.visitor, self.at_desk = visitor, agent
        self.conversation: int = visitor["conversation"]
        self.agent: int = visitor["agent"]
        self.sent = [0, 0]  # by the visitor, by the agent
        self.arrived = [0, 0]
        self.number = 0


class Load:
    """The connections, and what is expected of them."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        room = json.loads(Path(arguments.room).read_text())
        self.arguments = arguments
        self.agents = {one["id"]: one for one in room["agents"]}
        self.visitors = room["visitors"][: arguments.visitors]
        self.talks = {
            one["conversation"]: Talk(one, self.agents[one["agent"]]) for one in self.visitors
        }
        dialects = {"callstead": Callstead, "socketio": SocketIo}
        self.dialect = dialects[arguments.dialect](self, f"127.0.0.1:{arguments.port}")
        self.tls = _any_certificate() if arguments.tls else None
        self.run = f"{random.getrandbits(32):08x}"
        self.count = 0
        self.sent: dict[str, float] = {}
        self.unheard: dict[str, float] = {}
        self.delays: list[float] = []
        self.acks: list[float] = []
        self.faults: dict[str, int] = defaultdict(int)
        self.lag = 0.0
        self.closing = False

    def wrong(self, what: str) -> None:
        self.faults[what] += 1

    def next_of(self, last: int | None, seq: int) -> int:
        if last is not None and seq != last + 1:
            self.wrong("a number of the feed is missing or came twice")
        return seq

    def delivered(self, conversation: int, key: str, now: float) -> None:
        sent = self.unheard.pop(key, None)
        if sent is None:
            if key.startswith(self.run):
                self.wrong("came twice")
            return
        self.delays.append(now - sent)
        talk = self.talks[conversation]
        _run, side, count = key.split("-")
        if talk.arrived[int(side)] + 1 != int(count):
            self.wrong("out of order, or one before it is missing")
        talk.arrived[int(side)] = int(count)

    def acknowledged(self, key: str, now: float) -> None:
        sent = self.sent.pop(key, None)
        if sent is None:
            self.wrong("acknowledged twice")
        else:
            self.acks.append(now - sent)

    async def connect(self) -> None:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(who: dict[str, Any], *, agent: bool) -> None:
            async with gate:
                wire = Wire(
                    self.dialect.opening(who, agent=agent),
                    lambda payload: self.dialect.heard(payload, who, agent=agent),
                    self.lost,
                )
                await asyncio.get_running_loop().create_connection(
                    lambda: wire, "127.0.0.1", self.arguments.port, ssl=self.tls
                )
                await asyncio.wait_for(wire.opened, 60)
                who["wire"] = wire
                await self.dialect.greet(wire, who, agent=agent)

        await asyncio.gather(*(one(who, agent=True) for who in self.agents.values()))
        await asyncio.gather(*(one(who, agent=False) for who in self.visitors))

    def lost(self, why: str) -> None:
        if not self.closing:
            self.wrong(f"a connection was lost: {why}")

    def say(self, talk: Talk, side: int) -> None:
        """One message: ``side`` 0 by the visitor, 1 by the agent."""
        self.count += 1
        talk.sent[side] += 1
        key = f"{self.run}{talk.conversation:x}-{side}-{talk.sent[side]}"
        frame = self.dialect.said(talk, key, _FILL, agent=side == 1)
        who = talk.at_desk if side else talk.visitor
        self.sent[key] = self.unheard[key] = time.perf_counter()
        who["wire"].send(frame)

    async def talk(self, rate: float, seconds: float) -> None:
        """Messages at an even pace, in turn by visitors and agents."""
        talks = list(self.talks.values())
        random.Random(1).shuffle(talks)
        begun = time.perf_counter()
        said, total = 0, round(rate * seconds)
        while said < total:
            due = min(total, int((time.perf_counter() - begun) * rate) + 1)
            while said < due:
                self.lag = max(self.lag, time.perf_counter() - begun - said / rate)
                self.say(talks[(said // 2) % len(talks)], said % 2)
                said += 1
            await asyncio.sleep(max(0.0, begun + said / rate - time.perf_counter()))
        until = time.perf_counter() + self.arguments.patience
        while (self.unheard or self.sent) and time.perf_counter() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        self.faults["never delivered"] += len(self.unheard)
        self.faults["never acknowledged"] += len(self.sent)


def _any_certificate() -> ssl.SSLContext:
    """The server made its own at its start; what is measured is the work of it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def quantile(values: list[float], part: float) -> float:
    """In milliseconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] * 1000 if ordered else -1


async def ask(line: str) -> None:
    """Tell the measuring program where we are, and wait for its word."""
    print(line, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


async def main(arguments: argparse.Namespace) -> None:
    load = Load(arguments)
    for who in [*load.agents.values(), *load.visitors]:
        who["after"] = who.get("after", 0)
    begun = time.perf_counter()
    await load.connect()
    took = time.perf_counter() - begun
    await asyncio.sleep(arguments.rest)
    gc.collect()
    gc.disable()  # what comes now has no circles, and a look at all would be in the figures
    await ask(json.dumps({"connected": len(load.visitors) + len(load.agents), "seconds": took}))
    for rate in arguments.rates:
        await load.talk(rate, arguments.warm)
        load.delays.clear()
        load.acks.clear()
        load.lag = 0.0
        used = resource.getrusage(resource.RUSAGE_SELF)
        await ask(json.dumps({"rate": rate}))
        begun = time.perf_counter()
        await load.talk(rate, arguments.seconds)
        now = resource.getrusage(resource.RUSAGE_SELF)
        spent = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
        found = {
            "rate": rate, "delivered": len(load.delays), "acknowledged": len(load.acks),
            "p50_ms": quantile(load.delays, 0.5), "p99_ms": quantile(load.delays, 0.99),
            "most_ms": quantile(load.delays, 1), "ack_p50_ms": quantile(load.acks, 0.5),
            "ack_p99_ms": quantile(load.acks, 0.99), "lag_ms": load.lag * 1000,
            "load_cpu": spent / (time.perf_counter() - begun),
            "faults": {what: count for what, count in load.faults.items() if count},
        }  # fmt: skip
        await ask(json.dumps(found))
    load.closing = True


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("dialect")
    parser.add_argument("room")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--visitors", type=int, required=True)
    parser.add_argument("--rates", type=float, nargs="+", required=True)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--warm", type=float, default=2)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--rest", type=float, default=2)
    parser.add_argument("--patience", type=float, default=30)
    uvloop.run(main(parser.parse_args()))
