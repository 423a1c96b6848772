"""One process, one port: Flask in a thread pool, the feed beside it, TLS and plain HTTP.

The way of a request::

    listener.py   accepts; the first byte says TLS or plain HTTP
    protocol.py   uvicorn's HTTP protocol, which notes who the TLS peer is
    edge.py       strips what only we may say, keeps plain HTTP to its few paths, then
                  the feed (common.feed, asyncio), what is served on the event loop
                  (`Direct`), or Flask (a thread of the pool)
    server.py     start, reload and stop in order; ending.py for those who do not hang up

`serve` is all that a program calls.
"""

from __future__ import annotations

from common.serving.edge import Direct, HangUpError, peer
from common.serving.server import Server, make_server, serve
from common.serving.tls import TlsIdentity

__all__ = ["Direct", "HangUpError", "Server", "TlsIdentity", "make_server", "peer", "serve"]
