"""Nodes of one appliance as real processes, and the two ends of a conversation that use them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests
from argon2 import PasswordHasher
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from appliance.domain.queue import Queue
from appliance.domain.records import Agent
from appliance.domain.roles import Role
from appliance.domain.work import Work
from appliance.office import Office
from appliance.settings import ApplianceSettings
from common.clock import SystemClock
from common.web.passwords import Passwords
from tests.support.onebox import free_ports
from tests.support.waiting import until

PATIENCE = 60.0
PASSWORD = "a sentence only I think of"
_CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
_COMMAND = [sys.executable, "-c", "from common.cli import main; main()", "appliance", "run"]
_COOKIE = "__Host-callstead-appliance"


@contextlib.contextmanager
def opened(folder: Path, database_url: str) -> Iterator[Office]:
    settings = ApplianceSettings(data_dir=str(folder), database_url=database_url)
    with Office.opened(settings, SystemClock()) as office:
        yield office


def prepare(folder: Path, database_url: str = "") -> None:
    """A database with one queue, number 1, and the agent anna who serves it."""
    with opened(folder, database_url) as office:
        anna = office.users.add("anna", "Anna", Role.AGENT, "x", only_first=False)
        assert anna is not None
        office.users.set_password("anna", _CHEAP.hash(PASSWORD), must_change=False)
        office.floor.write(lambda work: work.save_queue(Queue(0, "sales", ring=2 * PATIENCE)))
        agent = Agent(anna.id, "Anna", queues=frozenset({1}))
        office.floor.write(lambda work: work.save_agent(agent))


def ring_for(seconds: float, folder: Path, database_url: str) -> None:
    """Offers ring for so long from now on."""

    def job(work: Work) -> None:
        work.save_queue(replace(work.queue(1), ring=seconds))

    with opened(folder, database_url) as office:
        office.floor.write(job)


class Node:
    """One process; `port` is where it listens."""

    def __init__(self, home: Path, roles: str, environment: Mapping[str, str]) -> None:
        (self.port,) = free_ports(1)
        self.folder = home / "appliance"
        self._log = home / f"{roles.replace(',', '-')}.log"
        ports = {
            f"CALLSTEAD_APPLIANCE_{name}PORT": str(self.port)
            for name in ("", "VISITOR_", "WORKER_")
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("CALLSTEAD_")}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_COMMAND, "--roles", roles],
                env={**inherited, "CALLSTEAD_HOME": str(home), "SENTRY_DSN": "",
                     "CALLSTEAD_APPLIANCE_HOST": "127.0.0.1",
                     # Whoever is tried here writes quicker than people do.
                     "CALLSTEAD_APPLIANCE_LIMITS_MESSAGES_PER_SECOND": "0",
                     **ports, **environment},
                stdout=log, stderr=log,
            )  # fmt: skip

    def wait(self) -> None:
        until(self._answers, PATIENCE, "the node", self.log)

    def log(self) -> str:
        return self._log.read_text()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def certificate(self) -> str:
        """The file of its own certificate, which signs itself."""
        return str(self.folder / "tls" / "server.pem")

    def kill(self) -> None:
        """No farewell."""
        self._process.kill()
        self._process.wait(30)

    def end(self) -> int:
        self._process.terminate()
        return self._process.wait(30)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log()
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=10).ok
        return False


@contextlib.contextmanager
def nodes(*wanted: tuple[Path, str], **environment: str) -> Iterator[list[Node]]:
    """Running nodes, by home and roles; all begin together."""
    started: list[Node] = []
    try:
        for home, roles in wanted:
            started.append(Node(home, roles, environment))
        for node in started:
            node.wait()
        yield started
    finally:
        for node in started:
            node.kill()


@dataclass
class End:
    """One end of a conversation: like a browser, it goes to the next node when one is away.

    Attributes:
        nodes: in the order in which they are tried.
        topic: of the feed, with what was said.
        headers: of every request.
        protocols: of the WebSocket.
        heard: what the feed told, as often as it told it: number and key of each message.
        kinds: what else happened, in order.
    """

    nodes: list[Node]
    topic: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    protocols: list[str] = field(default_factory=list)
    heard: list[tuple[int, str]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Until a node has answered with success."""
        return until(
            lambda: self._try(method, path, body), PATIENCE, f"{method} {path}", every=0.05
        )

    def tell(self, path: str) -> None:
        """Now or never, as what is worth no second try."""
        self._try("POST", path, {})

    def follow(self, ending: threading.Event) -> threading.Thread:
        """Follow the topic from its beginning, in a thread, until ``ending``."""
        thread = threading.Thread(target=self._follow, args=(ending,), name=self.topic)
        thread.start()
        return thread

    def _try(self, method: str, path: str, body: Any) -> Any:
        try:
            answer = requests.request(
                method, f"{self.nodes[0].url}/api/v1{path}", json=body, headers=self.headers,
                timeout=10, verify=self.nodes[0].certificate,
            )  # fmt: skip
        except requests.RequestException:
            self._next()
            return None
        if answer.status_code >= 500:
            self._next()
            return None
        assert answer.ok, answer.text
        if _COOKIE in answer.cookies:
            self.headers["Cookie"] = f"{_COOKIE}={answer.cookies[_COOKIE]}"
        if "X-CSRF-Token" in answer.headers:
            self.headers["X-CSRF-Token"] = answer.headers["X-CSRF-Token"]
        return answer.json()

    def _next(self) -> None:
        self.nodes = [*self.nodes[1:], self.nodes[0]]

    def _follow(self, ending: threading.Event) -> None:
        cursor, nodes = 0, list(self.nodes)
        while not ending.is_set():
            trusted = ssl.create_default_context(cafile=nodes[0].certificate)
            with contextlib.suppress(OSError, WebSocketException, TimeoutError), connect(
                f"{nodes[0].url.replace('https', 'wss')}/api/v1/feed", ssl=trusted, proxy=None,
                additional_headers=self.headers, subprotocols=self.protocols or None,
                open_timeout=10, close_timeout=1,
            ) as socket:  # fmt: skip
                socket.send(json.dumps({"subscribe": self.topic, "after": cursor}))
                while not ending.is_set():
                    with contextlib.suppress(TimeoutError):
                        cursor = self._take(json.loads(socket.recv(timeout=0.2)), cursor)
            nodes = [*nodes[1:], nodes[0]]
            ending.wait(0.05)

    def _take(self, frame: dict[str, Any], cursor: int) -> int:
        for event in frame.get("events", []):
            if event["kind"] == "message.said":
                self.heard.append((event["data"]["number"], event["data"]["key"]))
            else:
                self.kinds.append(event["kind"])
        return int(frame.get("cursor", cursor))


def anna(*at: Node) -> End:
    """The agent, signed in at the first node, and ready."""
    with requests.Session() as browser:
        browser.trust_env, browser.verify = False, at[0].certificate
        page = browser.get(f"{at[0].url}/sign-in", timeout=30).text
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        assert found, page
        form = {"name": "anna", "password": PASSWORD, "csrf": found[1]}
        browser.post(f"{at[0].url}/sign-in", data=form, timeout=30, allow_redirects=False)
        cookie = f"{_COOKIE}={browser.cookies[_COOKIE]}"
    end = End(list(at), headers={"Cookie": cookie})
    end.topic = f"agent/{end.ask('GET', '/desk/me')['id']}"
    for said in ("sign_in", "ready"):
        end.ask("POST", "/desk/presence", {"said": said})
    return end


def visitor(queue: int, *at: Node) -> tuple[int, End]:
    """Somebody who begins a chat; the conversation's number beside."""
    end = End(list(at))
    begun = end.ask("POST", "/chat", {"queue": queue, "visitor": "a-browser-of-a-visitor"})
    end.headers["Authorization"] = f"Bearer {begun['key']}"
    end.protocols = ["callstead", f"key.{begun['key']}"]
    end.topic = f"visitor/{begun['conversation']}"
    return begun["conversation"], end
