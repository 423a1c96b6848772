"""The three servers, each as one process on loopback: the appliance, and two bare relays."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from servers import free_port, started, wait

HERE = Path(__file__).resolve().parent
PYTHON_PEER = ("python-socketio==5.18.1", "uvicorn==0.54.0", "uvloop==0.23.0", "websockets==17.4",
               "httptools==0.9.0")  # fmt: skip


@dataclass
class Running:
    """One server under test."""

    dialect: str
    port: int
    process: psutil.Process

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Bytes that are the process's own now."""
        return int(self.process.memory_full_info().uss)


@contextlib.contextmanager
def callstead(folder: Path, room: Path, *, tls: bool = False) -> Iterator[Running]:
    """`callstead appliance run` on a copy of the room; without TLS as the relays."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(room, folder)
    port = free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE.parent),
        "CALLSTEAD_HOME": str(folder.parent),
        "CALLSTEAD_APPLIANCE_DATA_DIR": str(folder),
        "CALLSTEAD_APPLIANCE_HOST": "127.0.0.1",
        "CALLSTEAD_APPLIANCE_PORT": str(port),
        "CALLSTEAD_APPLIANCE_CHAT_COMMANDS_A_SECOND": "1000",
        "CALLSTEAD_APPLIANCE_LIMITS_MESSAGES_PER_SECOND": "0",
    }
    environment.pop("CALLSTEAD_SETTINGS", None)
    command = [sys.executable, str(HERE / "chat_appliance.py"), *(["--tls"] if tls else [])]
    with started([command], environment, folder, None) as processes:
        wait(f"http://127.0.0.1:{port}/healthz")
        yield Running("callstead", port, psutil.Process(processes[0].pid))


@contextlib.contextmanager
def relay(command: list[str], folder: Path) -> Iterator[Running]:
    """One of the relays."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    with started([[*command, str(port)]], dict(os.environ), folder, None) as processes:
        _listens(port)
        yield Running("socketio", port, psutil.Process(processes[0].pid))


def _listens(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def node_peer(cache: Path) -> list[str]:
    """Node's socket.io, as its lock file has it; installed once."""
    folder = cache / "chat-peers"
    if not (folder / "node_modules" / "socket.io").exists():
        print("Installing socket.io (once)")
        shutil.copytree(HERE / "chat_peers", folder, dirs_exist_ok=True)
        subprocess.run(["npm", "ci", "--silent"], cwd=folder, check=True)
    shutil.copy(HERE / "chat_peers" / "relay.mjs", folder)
    return ["node", str(folder / "relay.mjs")]


def python_peer(cache: Path) -> list[str]:
    """python-socketio on uvicorn, in a venv of its own; installed once."""
    venv = cache / PYTHON_PEER[0].replace("==", "-")
    if not (venv / "bin" / "uvicorn").exists():
        print(f"Installing {PYTHON_PEER[0]} (once)")
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([venv / "bin" / "pip", "install", "-qq", "--disable-pip-version-check",
                        *PYTHON_PEER], check=True)  # fmt: skip
    return [str(venv / "bin" / "python"), str(HERE / "chat_peers" / "relay.py")]
