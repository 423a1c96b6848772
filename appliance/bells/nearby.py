"""The bell between processes that share a data folder: a datagram to the socket of each.

Each process has a socket in the folder ``bells``; whoever rings sends a byte, or a few words, to
all that are there. A process that died leaves its socket's name behind; the next ring finds nobody
at it, and removes it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from appliance.bells import MOST_WORDS, Hear, nobody_listens
from common.logs import get_logger

log = get_logger(__name__)

_LOOK_SECONDS = 1.0  # between two looks whether to end
_RING = b"!"  # alone; with more behind it, words


class NearbyBell:
    """See `appliance.bells.Bell`.

    Args:
        folder: the data folder, the same for all processes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "bells"
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._ear: socket.socket | None = None
        self._mouth: socket.socket | None = None
        self._place = -1  # the folder, open
        self._using = threading.Lock()  # what is closed must not be rung with
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, heard: Callable[[], None], told: Hear = nobody_listens) -> None:
        """Listen."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._place = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            ear.bind(self._address(self._name))
            self._mouth = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        except OSError as error:
            log.warning("bell.silent", folder=str(self._folder), reason=str(error))
            return
        self._ear = ear
        self._thread = threading.Thread(
            target=self._listen, args=(ear, heard, told), name="bell", daemon=True
        )
        self._thread.start()

    def ring(self) -> None:
        """Tell the others that there is something."""
        self._to_others(_RING)

    def tell(self, text: str) -> None:
        """Tell the others this."""
        words = text.encode()
        if len(words) <= MOST_WORDS:
            self._to_others(_RING + words)

    def stop(self) -> None:
        """Neither ring nor listen any more."""
        self._ending.set()
        if self._thread:
            with self._using:
                self._tell(self._name)  # so that it sees the end at once
            self._thread.join(2 * _LOOK_SECONDS)
        with self._using:
            if self._mouth and self._ear:
                self._mouth.close()
                self._ear.close()
                os.unlink(self._name, dir_fd=self._place)
            if self._place >= 0:
                os.close(self._place)
            self._mouth, self._thread, self._place = None, None, -1

    def _to_others(self, what: bytes) -> None:
        with self._using, contextlib.suppress(OSError):
            for name in os.listdir(self._place) if self._mouth else ():  # noqa: PTH208 - by its descriptor
                if name != self._name:
                    self._tell(name, what)

    def _tell(self, name: str, what: bytes = _RING) -> None:
        if self._mouth is None:
            return
        try:
            self._mouth.sendto(what, self._address(name))
        except BlockingIOError:
            pass  # it has rings enough that it has not heard yet
        except ConnectionRefusedError:  # its process is dead
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=self._place)
        except OSError:
            pass  # it ends just now

    def _listen(self, ear: socket.socket, heard: Callable[[], None], told: Hear) -> None:
        waiting = select.poll()  # select.select knows no descriptor above 1023
        waiting.register(ear, select.POLLIN)
        while not self._ending.is_set():
            if not waiting.poll(_LOOK_SECONDS * 1000):
                continue
            rang = False
            with contextlib.suppress(BlockingIOError):
                while not self._ending.is_set():  # whatever rang meanwhile is one ring
                    what = ear.recv(MOST_WORDS + 1)
                    if what == _RING:
                        rang = True
                    else:
                        told(what[1:].decode(errors="replace"))
            if rang and not self._ending.is_set():
                heard()

    def _address(self, name: str) -> str:
        """Through the open folder: a socket's address has at most 107 bytes, a folder may more."""
        return f"/proc/self/fd/{self._place}/{name}"
