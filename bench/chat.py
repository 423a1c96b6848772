"""`make bench-chat`: messages between visitors and agents, beside two bare relays, in one run.

Callstead commits each message before it acknowledges it; Node's socket.io and python-socketio
relay it and keep nothing. The load is the same program for all three, in a process of its own; see
bench/README.md for what each figure is, and docs/benchmarks.md for results.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import chat_routing
import chat_servers
from chat_servers import HERE, Running
from errors import CACHE, environment

Make = Callable[[], AbstractContextManager[Running]]


def measure(make: Make, room: Path, visitors: int, arguments: argparse.Namespace) -> list[Any]:
    """One server with ``visitors`` connected: figures for each rate."""
    with make() as running:
        empty = running.memory()
        command = [
            sys.executable, str(HERE / "chat_load.py"), running.dialect, str(room / "room.json"),
            f"--port={running.port}", f"--visitors={visitors}", f"--seconds={arguments.seconds}",
            f"--warm={arguments.warm}", *(["--tls"] if arguments.tls else []),
            "--rates", *map(str, arguments.rates),
        ]  # fmt: skip
        load = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert load.stdin
        assert load.stdout

        def hear() -> Any:
            line = load.stdout.readline()  # type: ignore[union-attr]
            if not line:
                raise SystemExit(f"The load ended: {load.wait()}")
            return json.loads(line)

        def go_on() -> None:
            load.stdin.write("\n")  # type: ignore[union-attr]
            load.stdin.flush()  # type: ignore[union-attr]

        try:
            held = hear()
            each = (running.memory() - empty) / held["connected"]
            found = []
            for _rate in arguments.rates:
                go_on()
                hear()
                cpu, begun = running.cpu(), time.monotonic()
                go_on()
                figures = hear()
                figures["cpu"] = (running.cpu() - cpu) / (time.monotonic() - begun)
                found.append({**figures, "each": each, "held": held["connected"]})
            go_on()
            load.wait(60)
        finally:
            load.kill()
            load.wait(10)
        return found


def table(name: str, visitors: int, rows: list[Any]) -> None:
    """The rows of one server."""
    for row in rows:
        rate = round(row["rate"])
        wrong = "; ".join(f"{count}x {what}" for what, count in row["faults"].items())
        print(
            f"| {visitors:,} | {rate:,} | {name} | {row['p50_ms']:.1f} | {row['p99_ms']:.1f} | "
            f"{row['ack_p50_ms']:.1f} | {row['ack_p99_ms']:.1f} | {row['cpu']:.2f} | "
            f"{row['load_cpu']:.2f} | {row['each'] / 1000:.1f} | "
            f"{wrong or 'all'} |", flush=True
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1000, 5000, 10000])
    parser.add_argument("--rates", type=float, nargs="+", default=[500, 1000])
    parser.add_argument("--seconds", type=float, default=10, help="of each rate")
    parser.add_argument("--warm", type=float, default=3, help="seconds before, not counted")
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--no-peers", action="store_true", help="leave the relays out")
    parser.add_argument("--tls", action="store_true", help="over TLS 1.3, as it is run; no peers")
    parser.add_argument("--smoke", action="store_true", help="does it run at all: small, no peers")
    arguments = parser.parse_args()
    if arguments.smoke:
        arguments.visitors, arguments.rates, arguments.agents = [20], [50.0], 4
        arguments.seconds, arguments.warm, arguments.no_peers = 2.0, 0.5, True
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(time.strftime("%Y-%m-%d"), environment())
    base = None if arguments.smoke else CACHE
    if base:
        base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=base) as name:  # not /tmp: fsync must cost
        wrong = _run(arguments, Path(name))
    if wrong:
        raise SystemExit("Not every message arrived once and in order.")


def _run(arguments: argparse.Namespace, folder: Path) -> bool:
    room = folder / "room"
    print(f"Filling the call centre: {max(arguments.visitors):,} chats under way")
    subprocess.run(
        [sys.executable, str(HERE / "chat_room.py"), str(room), str(max(arguments.visitors)),
         str(arguments.agents)],
        check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )  # fmt: skip
    makes: dict[str, Make] = {
        "Callstead": lambda: chat_servers.callstead(folder / "run", room, tls=arguments.tls)
    }
    if not (arguments.no_peers or arguments.tls):
        node, python = chat_servers.node_peer(CACHE), chat_servers.python_peer(CACHE)
        makes["socket.io, nothing kept"] = lambda: chat_servers.relay(node, folder / "node")
        makes["python-socketio, nothing kept"] = lambda: chat_servers.relay(
            python, folder / "python"
        )
    print(
        "\n| visitors | messages/s | server | p50, ms | p99, ms | ack p50 | ack p99 | "
        "processors, server | processors, load | KB a connection | once, in order |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|"
    )
    wrong = False
    for visitors in arguments.visitors:
        for name, make in makes.items():
            rows = measure(make, room, visitors, arguments)
            table(name, visitors, rows)
            wrong = wrong or (name == "Callstead" and any(row["faults"] for row in rows))
    chat_routing.table(20 if arguments.smoke else 300)
    shutil.rmtree(folder, ignore_errors=True)
    return wrong


if __name__ == "__main__":
    main()
