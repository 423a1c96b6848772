"""How long a release takes from its publication to the last receipt on one site, and what it costs.

    make bench-rollout

A real home and a real communications server, and 200 clients in a few processes that speak the
real protocol (see tests/support/simulated_client.py): mutual TLS, feed, a turn at each step, lists
verified from their own root, packs or deltas from the mirror, signed receipts. Rings and shares are
the defaults; the quiet time is 0, so that what is measured is the machinery.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from common.clock import parse_stamp, stamp  # noqa: E402 - the tests' helpers lie beside bench/
from tests.support.rollout_site import RolloutSite  # noqa: E402
from tests.support.simulated_client import SimulatedClient  # noqa: E402

_MOST_SECONDS = 1800.0


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--clients", type=int, default=200)
    options.add_argument("--processes", type=int, default=4)
    options.add_argument("--mib", type=float, default=8.0, help="size of the release")
    options.add_argument("--changed", type=float, default=0.05, help="part of it that changes")
    options.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.worker:
        _work(*given.worker)
        return
    with tempfile.TemporaryDirectory(prefix="bench-rollout-") as place:
        _measure(given, Path(place))


def _measure(given: argparse.Namespace, place: Path) -> None:
    site = RolloutSite(
        place / "site", COMM_ROLLOUT_QUIET=0, COMM_MIRROR_EVERY=2, COMM_BUNDLE_EVERY=5,
        COMM_LOG_LEVEL="warning", COMM_MAIL_ACKNOWLEDGEMENTS_EVERY=2,
    )  # fmt: skip
    with site.serving():
        before = random.Random(1).randbytes(int(given.mib * 2**20))
        site.publish("1.0.0", before)
        workers = _start(site, place, given)
        try:
            _until(lambda: _joined(site) == given.clients, "all clients to join")
            server = psutil.Process(site.comm)
            cpu, down, up = _cpu(server), site.relay.bytes_in, site.relay.bytes_out
            mailed = site.mail.bytes_out
            part = int(len(before) * given.changed)
            sizes = site.publish("1.0.1", random.Random(2).randbytes(part) + before[part:])
            published = stamp(datetime.now().astimezone())
            peak = 0
            while (done := _count(site, "1.0.1")) < given.clients:
                peak = max(peak, server.memory_info().rss)
                print(f"\r{done} of {given.clients} committed", end="", file=sys.stderr)
                time.sleep(0.5)
                if _seconds(published, stamp(datetime.now().astimezone())) > _MOST_SECONDS:
                    raise SystemExit("it takes too long")
            print("\r" + " " * 40 + "\r", end="", file=sys.stderr)
            used = _cpu(server) - cpu
            _until(lambda: _delivered(site), "the receipts to arrive at the vendor")
            told = _times(site, "1.0.1")
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait(60)
        lan = sum(int(line) for path in place.glob("lan-*") for line in path.read_text().split())
        took = {name: _seconds(published, at) for name, at in told.items()}
        _table(
            f"{given.clients} clients on one site, a release of {given.mib:g} MiB, "
            f"{given.changed:.0%} of it changed",
            [
                ("published -> here, verified", f"{took['mirrored']:.1f} s"),
                ("published -> first committed", f"{took['first']:.1f} s"),
                ("published -> last ring open", f"{took['ring']:.1f} s"),
                ("published -> half committed", f"{took['half']:.1f} s"),
                ("published -> all committed", f"{took['last']:.1f} s"),
                ("from the vendor over the Internet", _kib(site.relay.bytes_in - down)),
                ("to the vendor: requests", _kib(site.relay.bytes_out - up)),
                ("to the vendor: mails with all receipts", _kib(site.mail.bytes_out - mailed)),
                ("full pack / delta", " / ".join(_kib(n) for n in _packs(sizes))),
                ("over the LAN, packs and deltas", _kib(lan)),
                ("communications server: processor", f"{used:.1f} s"),
                ("communications server: memory", _kib(peak)),
            ],
        )


def _start(
    site: RolloutSite, place: Path, given: argparse.Namespace
) -> list[subprocess.Popen[bytes]]:
    codes, workers = site.codes(given.clients), []
    for number in range(given.processes):
        file = place / f"codes-{number}"
        mine = codes[number :: given.processes]
        file.write_text("\n".join(f"seat-{number}-{n} {code}" for n, code in enumerate(mine)))
        words = ["--worker", str(file), site.address, str(site.root), str(place / f"lan-{number}")]
        workers.append(
            subprocess.Popen([sys.executable, __file__, *words], cwd=ROOT, env={**os.environ})
        )
    return workers


def _work(codes: str, address: str, root: str, lan: str) -> None:
    """One process of clients, until it is told to stop."""
    clients = []
    for line in Path(codes).read_text().splitlines():
        name, code = line.split()
        folder = Path(codes).parent / name
        clients.append(SimulatedClient(folder, address, Path(root), name))
        clients[-1].join(code)
        clients[-1].start()
    while True:
        Path(lan).write_text(str(sum(client.fetched for client in clients)))
        time.sleep(0.5)


def _query(site: RolloutSite, sql: str, *values: object) -> list[tuple[object, ...]]:
    file = site.folder / "comm" / "comm.db"
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=60)
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def _joined(site: RolloutSite) -> int:
    ((count,),) = _query(site, "SELECT count(*) FROM client_programs WHERE product = 'companion'")
    return int(str(count))


def _count(site: RolloutSite, version: str) -> int:
    sql = "SELECT count(*) FROM receipts WHERE version = ? AND outcome = 'committed'"
    ((count,),) = _query(site, sql, version)
    return int(str(count))


def _delivered(site: RolloutSite) -> bool:
    sql = (
        "SELECT count(*) FROM receipts r LEFT JOIN bundles b ON b.sequence = r.bundle "
        "WHERE b.state IS NOT 'delivered'"
    )
    ((waiting,),) = _query(site, sql)
    return waiting == 0


def _times(site: RolloutSite, version: str) -> dict[str, str]:
    receipts = [
        str(row[0])
        for row in _query(site, "SELECT at FROM receipts WHERE version = ? ORDER BY at", version)
    ]
    ((mirrored,),) = _query(site, "SELECT min(at) FROM mirrored WHERE version = ?", version)
    ((ring,),) = _query(site, "SELECT ring_at FROM rollouts WHERE version = ?", version)
    return {
        "mirrored": str(mirrored),
        "ring": str(ring),
        "first": receipts[0],
        "half": receipts[len(receipts) // 2],
        "last": receipts[-1],
    }


def _packs(sizes: dict[str, int]) -> list[int]:
    deltas = [size for name, size in sizes.items() if name.endswith(".delta")]
    return [sizes["full.tar.zst"], *deltas]


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _seconds(begin: str, end: str) -> float:
    return (parse_stamp(end) - parse_stamp(begin)).total_seconds()


def _until(probe: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _MOST_SECONDS
    while not probe():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited too long for {what}")
        time.sleep(0.5)


def _kib(count: int) -> str:
    return f"{count / 2**20:.2f} MiB" if count >= 2**20 else f"{count / 2**10:.1f} KiB"


def _table(title: str, rows: list[tuple[str, str]]) -> None:
    print(f"\n{title}\n")
    width = max(len(name) for name, _value in rows)
    print("\n".join(f"  {name:<{width}}  {value:>12}" for name, value in rows))


if __name__ == "__main__":
    main()
