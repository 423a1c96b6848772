"""The bell between processes that share a data folder: a datagram to the socket of each.

Each process has a socket in the folder ``bells``; whoever rings sends one byte to all that are
there. A process that died leaves its socket's name behind; the next ring finds nobody at it, and
removes it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from common.logs import get_logger

log = get_logger(__name__)

_LOOK_SECONDS = 1.0  # between two looks whether to end


class NearbyBell:
    """See `appliance.bells.Bell`.

    Args:
        folder: the data folder, the same for all processes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "bells"
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._ear: socket.socket | None = None
        self._mouth = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._place = -1  # the folder, open
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, heard: Callable[[], None]) -> None:
        """Listen."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._place = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            ear.settimeout(_LOOK_SECONDS)
            ear.bind(self._address(self._name))
        except OSError as error:
            log.warning("bell.silent", folder=str(self._folder), reason=str(error))
            return
        self._ear = ear
        self._thread = threading.Thread(
            target=self._listen, args=(ear, heard), name="bell", daemon=True
        )
        self._thread.start()

    def ring(self) -> None:
        """Tell the others."""
        if self._ear is None:
            return
        with contextlib.suppress(OSError):
            for name in os.listdir(self._place):  # noqa: PTH208 - by its descriptor
                if name != self._name:
                    self._tell(name)

    def stop(self) -> None:
        """Neither ring nor listen any more."""
        ear, self._ear = self._ear, None
        self._ending.set()
        if self._thread:
            self._thread.join(2 * _LOOK_SECONDS)
        if ear:
            ear.close()
            (self._folder / self._name).unlink(missing_ok=True)
        self._mouth.close()
        if self._place >= 0:
            os.close(self._place)
            self._place = -1

    def _tell(self, name: str) -> None:
        try:
            self._mouth.sendto(b"!", self._address(name))
        except BlockingIOError:
            pass  # it has rings enough that it has not heard yet
        except ConnectionRefusedError:  # its process is dead
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=self._place)
        except OSError:
            pass  # it ends just now

    def _listen(self, ear: socket.socket, heard: Callable[[], None]) -> None:
        while not self._ending.is_set():
            try:
                ear.recv(1)
            except TimeoutError:
                continue
            with contextlib.suppress(BlockingIOError):
                while True:  # whatever rang meanwhile is one ring
                    ear.recv(1, socket.MSG_DONTWAIT)
            heard()

    def _address(self, name: str) -> str:
        """Through the open folder: a socket's address has at most 107 bytes, a folder may more."""
        return f"/proc/self/fd/{self._place}/{name}"
