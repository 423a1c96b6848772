"""One WebSocket to the switch: commands out, their answers and the events in.

Asterisk takes REST requests as frames of the connection on which it sends events ("ARI REST over
WebSocket", since 22.4), so one connection is all: no second client, no pool, and a command and the
events that follow from it stay in order.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any
from urllib.parse import quote

import orjson
from websockets.exceptions import WebSocketException

from appliance.telephony.ari.models import OPERATIONS, RESTResponse
from appliance.telephony.ari.web_socket import WebSocket
from common.backoff import Backoff
from common.errors import NetworkError, RemoteError
from common.logs import get_logger

log = get_logger(__name__)

APPLICATION = "callstead"
_OPEN_SECONDS = 5.0
_MOST_FRAME = 16 * 2**20  # a list of a thousand channels is a megabyte
# By a connection that we gave up while the switch hung: it is opened there when it goes on.
_REPLACED = "ApplicationReplaced"
_BACKOFF = Backoff(first=0.2, most=5.0)


class Answer(Exception):  # noqa: N818 - an answer, not a fault of ours
    """The switch said no: ``status`` as in HTTP."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(f"{status} {sentence}")
        self.status = status


class AriConnection:
    """Keeps the connection up, for as long as it is started.

    Args:
        port: the switch's, on this machine.
        password: of the user ``callstead``.
        seconds: in which the switch answers, or is not reached any more.
        events: the types that are wanted; others are not even sent.
        on_event: gets each, in order, from one thread.
        on_up: called when events flow and commands are taken.
        on_down: called when that ended.
    """

    def __init__(
        self,
        port: int,
        password: str,
        seconds: float,
        events: tuple[str, ...],
        on_event: Callable[[Mapping[str, Any]], None],
        on_up: Callable[[], None],
        on_down: Callable[[], None],
    ) -> None:
        self._port, self._password, self._events = port, password, events
        self._seconds = seconds
        self._on_event, self._on_up, self._on_down = on_event, on_up, on_down
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._open: WebSocket | None = None
        self._asked: dict[str, Future[RESTResponse]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ari", daemon=True)

    def start(self) -> None:
        """Connect, and connect again whenever it is lost."""
        self._thread.start()

    def stop(self) -> None:
        """Let go."""
        self._stop.set()
        with self._lock:
            open_now = self._open
        if open_now is not None:
            open_now.close()
        if self._thread.ident:
            self._thread.join(30)

    def do(
        self,
        operation: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        **path: str,
    ) -> Any:
        """Ask for ``operation`` of the models' list; its answer's JSON, or None.

        Raises:
            Answer: the switch said no.
            NetworkError: it is not reached, or is silent: whether it was done is not known.
        """
        return self.ask(operation, body=body, query=query, **path)()

    def ask(
        self,
        operation: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        **path: str,
    ) -> Callable[[], Any]:
        """The same without waiting: what is answered waits for it.

        The switch does what it was asked in that order.
        """
        future = self._send(operation, body, query, path)

        def answer() -> Any:
            try:
                return _read(future.result(self._seconds))
            except TimeoutError:
                raise NetworkError(
                    f"The switch does not answer ({operation}); look at `callstead doctor`."
                ) from None

        return answer

    def _send(
        self,
        operation: str,
        body: Mapping[str, Any] | None,
        query: Mapping[str, str] | None,
        path: Mapping[str, str],
    ) -> Future[RESTResponse]:
        method, pattern = OPERATIONS[operation]
        number = str(next(self._numbers))
        frame: dict[str, Any] = {
            "type": "RESTRequest",
            "transaction_id": number,
            "request_id": number,
            "method": method,
            "uri": pattern.format(**{k: quote(v, safe="") for k, v in path.items()})[1:],
            "query_strings": [{"name": k, "value": v} for k, v in (query or {}).items()],
        }
        if body is not None:
            frame |= {
                "content_type": "application/json",
                "message_body": orjson.dumps(body).decode(),
            }
        future: Future[RESTResponse] = Future()
        with self._lock:
            if self._open is None:
                raise _away()
            self._asked[number] = future
            open_now = self._open
        try:
            open_now.send(orjson.dumps(frame))
        except (WebSocketException, OSError):
            self._asked.pop(number, None)
            raise _away() from None
        future.add_done_callback(lambda _: self._asked.pop(number, None))
        return future

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                with contextlib.closing(self._connected()) as connection:
                    failures = 0
                    self._listen(connection)
            except (WebSocketException, OSError, TimeoutError) as error:
                failures += 1
                if failures == 1:
                    log.warning("ari.away", port=self._port, reason=str(error))
            finally:
                self._lost()
            self._stop.wait(_BACKOFF.delay(max(failures, 1)))

    def _connected(self) -> WebSocket:
        secret = base64.b64encode(f"{APPLICATION}:{self._password}".encode()).decode()
        return WebSocket(
            f"ws://127.0.0.1:{self._port}/ari/events?app={APPLICATION}&subscribeAll=false",
            f"Basic {secret}", seconds=_OPEN_SECONDS, answers=self._seconds, most=_MOST_FRAME,
        )  # fmt: skip

    def _listen(self, connection: WebSocket) -> None:
        with self._lock:
            self._open = connection
        # Answers to commands are events to the filter, too.
        types = ("RESTResponse", _REPLACED, *self._events)
        wanted = {"allowed": [{"type": name} for name in types]}
        filtered = self._send("applications.filter", wanted, None, {"applicationName": APPLICATION})
        filtered.add_done_callback(self._filtered)
        for text in connection:
            frame = orjson.loads(text)
            if frame.get("type") == "RESTResponse":
                waiting = self._asked.get(frame["request_id"])
                if waiting is not None and not waiting.done():
                    waiting.set_result(frame)
            elif frame.get("type") == _REPLACED:
                raise ConnectionResetError("the switch tells its events to another connection")
            else:
                self._on_event(frame)

    def _filtered(self, future: Future[RESTResponse]) -> None:
        if future.cancelled() or future.exception() is not None:
            return
        _read(future.result())
        log.info("ari.connected", port=self._port)
        self._on_up()

    def _lost(self) -> None:
        with self._lock:
            was_open, self._open = self._open is not None, None
            asked = list(self._asked.values())
        for future in asked:
            if not future.done():
                future.set_exception(_away())
        if was_open:
            self._on_down()


def _read(answer: RESTResponse) -> Any:
    status = answer["status_code"]
    body = answer.get("message_body") or ""
    if 200 <= status < 300:
        return orjson.loads(body) if body else None
    said = answer.get("reason_phrase", "")
    if 400 <= status < 500:
        raise Answer(status, f"{said} {body}".strip())
    raise RemoteError(f"The switch failed at {answer['uri']}: {status} {said} {body}".strip())


def _away() -> NetworkError:
    return NetworkError(
        "The switch is not reached. Start it with `callstead appliance telephony run`."
    )
