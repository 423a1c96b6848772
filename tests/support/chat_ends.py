"""The two ends of chats on real WebSockets, who keep book: what they said, what was acknowledged,
what they heard. They come back after every break, with their cursor and all that was not answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

_AT_ONCE = 4  # messages without an answer
_PATIENCE = 20.0  # seconds without a word of the server's: the connection is dead


def trusting() -> ssl.SSLContext:
    """TLS to a server whose certificate nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclass
class End:
    """A visitor, or an agent with several conversations.

    Attributes:
        topic: what is followed.
        shown: headers of the connection.
        chats: which conversations are spoken in, in turn.
        unanswered: key and conversation, in the order of their saying.
        acknowledged: the number of each message, by key.
        heard: conversation, number and key, in the order of their hearing.
        talks: new messages are said.
    """

    url: str
    topic: str
    shown: dict[str, str]
    chats: list[int]
    name: str
    subprotocols: list[str] = field(default_factory=list)
    unanswered: dict[str, int] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    heard: list[tuple[int, int, str]] = field(default_factory=list)
    talks: bool = True
    cursor: int = 0
    said: int = 0
    breaks: int = 0
    refused: list[Any] = field(default_factory=list)

    async def live(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with connect(
                    self.url, ssl=trusting(), additional_headers=self.shown, proxy=None,
                    subprotocols=self.subprotocols or None, compression=None, open_timeout=10,
                ) as connection:  # fmt: skip
                    await self._talk(connection)
            self.breaks += 1
            await asyncio.sleep(0.05)

    async def _talk(self, connection: ClientConnection) -> None:
        await connection.send(json.dumps({"subscribe": self.topic, "after": self.cursor}))
        for key, conversation in list(self.unanswered.items()):
            await self._send(connection, key, conversation)
        while True:
            while self.talks and len(self.unanswered) < _AT_ONCE:
                key = f"{self.name}-{self.said:06d}"
                conversation = self.chats[self.said % len(self.chats)]
                self.said += 1
                self.unanswered[key] = conversation
                await self._send(connection, key, conversation)
            async with asyncio.timeout(_PATIENCE):
                self._take(json.loads(await connection.recv()))

    async def _send(self, connection: ClientConnection, key: str, conversation: int) -> None:
        await connection.send(json.dumps({
            "do": "say", "id": key, "conversation": conversation,
            "with": {"key": key, "text": f"this is {key}"},
        }))  # fmt: skip

    def _take(self, frame: dict[str, Any]) -> None:
        for event in frame.get("events", []):
            assert event["seq"] == self.cursor + 1, (event["seq"], self.cursor)
            self.cursor = event["seq"]
            if event["kind"] == "message.said":
                data = event["data"]
                self.heard.append((data["conversation"], data["number"], data["key"]))
        if "answer" in frame:
            number = frame["answer"]["number"]
            assert self.acknowledged.setdefault(frame["id"], number) == number
            self.unanswered.pop(frame["id"], None)
        elif "problem" in frame or "error" in frame:
            self.refused.append(frame)
            raise OSError("refused")
