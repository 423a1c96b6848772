"""Whether the machine of a provider is known by its name; the switch takes that for a refusal."""

from __future__ import annotations

import socket
import threading

_SECONDS = 3.0  # a dead name server is asked for ten and more
# The name is there and has no address: it may be one for SIP alone (SRV), which the switch finds.
_NO_ADDRESS = getattr(socket, "EAI_NODATA", None)


def nowhere(host: str) -> str:
    """Why a machine is not known by this name; empty: it is, or one cannot tell."""
    why = ["the name server does not answer"]

    def ask() -> None:
        try:
            socket.getaddrinfo(host, None)
        except OSError as error:
            why[0] = "" if error.errno == _NO_ADDRESS else error.strerror or str(error)
        else:
            why[0] = ""

    asking = threading.Thread(target=ask, name="resolve", daemon=True)  # it takes no time-out
    asking.start()
    asking.join(_SECONDS)
    return why[0]


def host_of(server: str) -> str:
    """Without its port."""
    if server.startswith("["):
        return server[1 : server.index("]")]
    host, _, port = server.rpartition(":")
    return host if host and ":" not in host and port.isdecimal() else server
