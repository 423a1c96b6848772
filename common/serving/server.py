"""Start, reload and stop of one program, in order.

Start: the port, then the program's own ``on_start``, then the first connection, then systemd is
told. Stop: no new connections, long polls end with what they have, WebSockets are closed with
1012 ("come back"), requests get ``grace`` seconds to finish, then ``on_stop``.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ParamSpec, cast

import uvicorn
from a2wsgi import WSGIMiddleware
from flask import Flask
from werkzeug.wsgi import FileWrapper

from common.errors import CallsteadError
from common.logs import get_logger
from common.serving.edge import Direct, Edge
from common.serving.ending import drop_all, drop_the_deaf
from common.serving.frames import MOST_FRAME_BYTES, LeanSocket
from common.serving.garbage import collect_garbage
from common.serving.listener import Listener, take_port
from common.serving.protocol import PeerProtocol
from common.serving.tls import TlsIdentity, server_context
from common.watchdog import Watchdog

if TYPE_CHECKING:
    from common.feed import FeedApp

log = get_logger(__name__)

Hook = Callable[[], None]
P = ParamSpec("P")

# Both ends notice a dead connection within two of these.
HEARTBEAT_SECONDS = 25.0
# Longer than most clients keep an idle connection, so that they, not we, close it.
KEEP_ALIVE_SECONDS = 75
# For programs that set no limit of their own on a request's body.
MOST_BODY_BYTES = 64 * 1024 * 1024
# How long a thread that computes keeps the others waiting, the one with all sockets among them.
_SWITCH_SECONDS = 0.0001
_FILE_CHUNK = 256 * 1024  # each chunk is a hop between threads: werkzeug's 8 KiB would be slow


class Server(uvicorn.Server):
    """uvicorn with our own port, hooks and signals. `run` blocks; `stop` may come from any thread.

    Made by `make_server`.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        name: str,
        listener: socket.socket,
        feed: FeedApp | None,
        tls: TlsIdentity | None,
        on_start: Hook | None,
        on_stop: Hook | None,
        on_reload: Hook | None,
        pool: ThreadPoolExecutor,
    ) -> None:
        super().__init__(config)
        self.servers = []  # uvicorn's own; ours is the listener
        self._name = name
        self._socket = listener
        self._feed = feed
        self._tls = tls
        self._context: ssl.SSLContext | None = server_context(tls) if tls else None
        self._on_start, self._on_stop, self._on_reload = on_start, on_stop, on_reload
        self._pool = pool
        self._listener: Listener | None = None
        self._watchdog = Watchdog()
        self._reloading: asyncio.Task[None] | None = None
        self._collecting: asyncio.Task[None] | None = None
        self.ready = threading.Event()
        self.port: int = listener.getsockname()[1]

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `stop`, SIGTERM or SIGINT."""
        try:
            if self._on_start:
                self._on_start()
            super().run(sockets)
        finally:
            self.close()
            if self._on_stop:
                self._on_stop()

    def stop(self) -> None:
        """End gracefully; `run` returns soon after."""
        self.should_exit = True

    def close(self) -> None:
        """Give the port back; for a server that never ran."""
        self._socket.close()
        self._watchdog.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Open for connections."""
        if self._feed is not None:
            await self._feed.start()

        def protocol() -> asyncio.Protocol:
            return PeerProtocol(config=self.config, server_state=self.server_state, app_state={})

        self._listener = Listener(self._socket, protocol, lambda: self._context)
        self._listener.start()
        self.started = True
        self.config.callback_notify = self._beat
        self.config.timeout_notify = self._watchdog.interval  # type: ignore[assignment]
        self._collecting = asyncio.get_running_loop().create_task(collect_garbage())
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._watchdog.ready()
        self.ready.set()
        log.info("serving.ready", name=self._name, port=self.port, tls=self._context is not None)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close in the order of this module's docstring."""
        self._watchdog.stopping()
        log.info("serving.stopping", name=self._name)
        if self._listener:
            await self._listener.close()
        if self._feed is not None:
            self._feed.end_waits()
        deaf = asyncio.get_running_loop().create_task(drop_the_deaf(self.server_state))
        try:
            await super().shutdown(sockets)
        finally:
            deaf.cancel()
            drop_all(self.server_state)
        if self._feed is not None:
            await self._feed.stop()
        if self._collecting is not None:
            self._collecting.cancel()
            await asyncio.gather(self._collecting, return_exceptions=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Listen to signals, if this is the main thread.

        uvicorn raises a caught signal again after its shutdown, which would end the process
        before the program's own ``on_stop``.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.handle_exit, signal.SIGTERM, None)
        loop.add_signal_handler(signal.SIGINT, self.handle_exit, signal.SIGINT, None)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.remove_signal_handler(number)

    async def reload(self) -> bool:
        """What SIGHUP does: the program's settings, then the certificate; False: kept the old."""
        try:
            if self._on_reload:
                await asyncio.get_running_loop().run_in_executor(None, self._on_reload)
            if self._tls:
                self._context = server_context(self._tls)
        except CallsteadError as error:
            log.error("serving.reload_refused", reason=str(error), kept="what was in force")  # noqa: TRY400 - the sentence says it all
            return False
        except Exception:  # a bad settings file must not end a serving program
            log.exception("serving.reload_failed", kept="what was in force")
            return False
        log.info("serving.reloaded", name=self._name)
        return True

    def _hang_up(self) -> None:
        self._reloading = asyncio.get_running_loop().create_task(_ignore(self.reload()))

    async def _beat(self) -> None:
        self._watchdog.beat()


async def _ignore(work: Any) -> None:
    await work


def make_server(
    *,
    name: str,
    host: str,
    port: int,
    port_setting: str,
    flask: Flask,
    feed: FeedApp | None = None,
    direct: Direct | None = None,
    socket: Direct | None = None,
    tls: TlsIdentity | None = None,
    plain_prefixes: tuple[str, ...] = ("/healthz",),
    proxies: Sequence[str] = (),
    around: Callable[[Any], Any] | None = None,
    on_start: Hook | None = None,
    on_stop: Hook | None = None,
    on_reload: Hook | None = None,
    threads: int = 16,
    grace: int = 20,
) -> Server:
    """A server that holds its port already; ``run()`` it in any thread.

    Args:
        name: the program, for logs.
        host: address to listen on.
        port: TCP port; 0 takes any free one, see ``Server.port``.
        port_setting: the settings key of the port, named when it is in use.
        flask: pages and REST, run in a pool of threads.
        feed: the feed; answers at its own prefix.
        direct: paths served on the event loop, for what comes too often for a thread each.
        socket: takes WebSockets at paths of its own, beside the feed's.
        tls: certificate and key; None serves plain HTTP.
        plain_prefixes: paths that plain HTTP may reach although there is TLS.
        proxies: networks of fronts that are believed who asks (``X-Forwarded-For``) and how
            (``X-Forwarded-Proto``); from anybody else these are a claim, and not looked at.
        around: ASGI middleware before everything else, such as `common.in_care.InCare`.
        on_start: called when the port is taken, before the first connection.
        on_stop: called after the last request, also when starting failed half-way.
        on_reload: called on SIGHUP, in a thread; an error keeps the old.
        threads: Flask requests that run at once; 16, because they mostly wait for the disk.
        grace: seconds that running requests get when the program stops; 20, well below the
            90 s after which systemd kills.

    Raises:
        OperatorError: the port is in use, or the certificate cannot be used.
    """
    listener = take_port(host, port, port_setting)
    try:
        if flask.config["MAX_CONTENT_LENGTH"] is None:
            flask.config["MAX_CONTENT_LENGTH"] = MOST_BODY_BYTES
        wsgi = WSGIMiddleware(_for_wsgi(flask), workers=threads)
        edge = Edge(
            wsgi,
            feed,
            direct=direct,
            socket=socket,
            tls=tls is not None,
            plain_prefixes=plain_prefixes,
        )
        config = uvicorn.Config(
            cast("Any", around(edge) if around else edge),  # uvicorn's ASGI types are private
            http=PeerProtocol,
            ws=LeanSocket,
            loop="uvloop",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            server_header=False,
            ws_per_message_deflate=False,  # costs more memory for each socket than it saves here
            ws_max_size=MOST_FRAME_BYTES,
            ws_ping_interval=HEARTBEAT_SECONDS,
            ws_ping_timeout=HEARTBEAT_SECONDS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=grace,
        )
        return Server(
            config,
            name=name,
            listener=listener,
            feed=feed,
            tls=tls,
            on_start=on_start,
            on_stop=on_stop,
            on_reload=on_reload,
            pool=wsgi.executor,
        )
    except BaseException:
        listener.close()
        raise


def _then_run(make: Callable[P, Server]) -> Callable[P, None]:
    @functools.wraps(make)
    def serve_until_stopped(*args: P.args, **kwargs: P.kwargs) -> None:
        make(*args, **kwargs).run()

    return serve_until_stopped


# Takes what `make_server` takes and serves until SIGTERM or SIGINT; SIGHUP reloads.
serve = _then_run(make_server)


def _for_wsgi(flask: Flask) -> Any:
    """``flask`` with what a2wsgi leaves out: larger file chunks and chunked request bodies."""

    def application(environ: Any, start_response: Any) -> Any:
        environ["wsgi.file_wrapper"] = lambda file, _size=0: FileWrapper(file, _FILE_CHUNK)
        # With a length, werkzeug counts; without one, only the end of the chunks tells.
        if "CONTENT_LENGTH" not in environ:
            environ["wsgi.input_terminated"] = True
        return flask(environ, start_response)

    return application
