"""`make bench-errors`: how reports are taken, understood and mailed, beside Bugsink, in one run.

Every server is a process of its own on loopback with fresh data; the load comes from a further
process. See bench/README.md for what each figure is, and docs/benchmarks.md for results.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import mixed
import psutil
import reports
import servers
from servers import Running

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "callstead-bench"
Make = Callable[[Path | None], AbstractContextManager[Running]]
Figures = dict[str, float]


def load(running: Running, file: Path, **options: object) -> Figures:
    """One load against one server: what was accepted, how fast, and what the server needed."""
    command = [sys.executable, str(HERE / "load.py"), str(file), f"--port={running.port}",
               f"--project={running.project}", f"--key={running.key}"]  # fmt: skip
    command += [f"--{name}={value}" for name, value in options.items()]
    stop = threading.Event()
    watcher = threading.Thread(target=running.watch, args=(stop,))
    watcher.start()
    digested, cpu = running.digested(), running.cpu()
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    finally:
        stop.set()
        watcher.join()
    found: dict[str, Any] = json.loads(done.stdout)
    taken, seconds = found["accepted"], found["seconds"]  # of the load, not of its start
    if set(found["statuses"]) - {"200"} or found["not_taken"]:
        print(f"  not accepted: {found['statuses']}, {found['not_taken']} without an answer")
    return {
        "accepted_s": found["per_second"],
        "p50_ms": found["p50_ms"],
        "p99_ms": found["p99_ms"],
        "digested_s": (running.digested() - digested) / seconds,
        "rss_mb": running.peak["rss"],
        "server_cpu": (running.cpu() - cpu) / seconds,
        "load_cpu": found["cpu"],
        "accepted": taken,
    }


def several(
    runs: int, make: Make, preload: Path | None, work: Callable[[Running], Figures]
) -> Figures:
    """The medians of several runs, each with a server of its own."""
    found: list[Figures] = []
    for _ in range(runs):
        with make(preload) as running:
            found.append(work(running))
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def environment() -> str:
    """The machine, in one line."""
    model = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")), platform.processor(),
    )  # fmt: skip
    memory = psutil.virtual_memory().total / 2**30
    busy = os.getloadavg()[0]
    return (
        f"{psutil.cpu_count()} x {model}, {memory:.0f} GB, {platform.platform()}, "
        f"Python {platform.python_version()}, load before {busy:.1f}"
    )


def peer() -> Path:
    """Bugsink from PyPI in a venv of its own, kept for the next time."""
    venv = CACHE / servers.BUGSINK.replace("==", "-")
    if not (venv / "bin" / "gunicorn").exists():
        print(f"Installing {servers.BUGSINK} into {venv} (once)")
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([venv / "bin" / "pip", "install", "-qq", "--disable-pip-version-check",
                        servers.BUGSINK], check=True, stderr=subprocess.DEVNULL)  # fmt: skip
    return venv


def slow_disk(folder: Path) -> Path | None:
    """The library that makes each fsync 10 ms longer, or None without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    out = folder / "slow_fsync.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(out),
                    str(HERE / "slow_fsync.c"), "-ldl"], check=True)  # fmt: skip
    return out


def events(folder: Path, number: int) -> Path:
    """The file of reports, made once for each size."""
    made_by = b"".join((HERE / name).read_bytes() for name in ("reports.py", "failing.py"))
    file = folder / f"events-{number}-{hashlib.sha256(made_by).hexdigest()[:8]}.bin"
    if not file.exists():
        print(f"Making {number:,} reports with the real sentry-sdk (once)")
        part = file.with_suffix(".part")
        sizes = reports.write(part, number)
        part.rename(file)
        file.with_suffix(".json").write_text(json.dumps(sizes))
    sizes = json.loads(file.with_suffix(".json").read_text())
    print(f"A report: {sizes['plain'] / 1000:.1f} kB, gzipped {sizes['gzipped'] / 1000:.1f} kB")
    return file


ROWS = (
    ("accepted_s", "durably accepted a second", "{:,.0f}"),
    ("p50_ms", "p50, ms", "{:.1f}"),
    ("p99_ms", "p99, ms", "{:.1f}"),
    ("digested_s", "digested a second meanwhile", "{:,.0f}"),
    ("rss_mb", "peak memory (RSS, all processes), MB", "{:,.0f}"),
    ("server_cpu", "processors used by the server", "{:.2f}"),
    ("load_cpu", "processors used by the load", "{:.2f}"),
)


def table(title: str, ours: Figures, theirs: Figures | None, targets: dict[str, str]) -> None:
    """Print one measurement, side by side."""
    print(f"\n### {title}\n\n| | Callstead | Bugsink | ratio | target |\n|---|---|---|---|---|")
    for name, words, form in ROWS:
        if name not in ours:
            continue
        there = form.format(theirs[name]) if theirs else "-"
        ratio = f"{ours[name] / theirs[name]:.2f}" if theirs and theirs[name] else "-"
        print(f"| {words} | {form.format(ours[name])} | {there} | {ratio} | "
              f"{targets.get(name, '')} |", flush=True)  # fmt: skip


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    number = 400 if arguments.smoke else arguments.events
    runs = 1 if arguments.smoke else arguments.runs
    cache = folder if arguments.smoke else CACHE
    cache.mkdir(parents=True, exist_ok=True)
    file = events(cache, number)
    venv = None if arguments.smoke or arguments.no_peer else peer()

    def ours(preload: Path | None) -> AbstractContextManager[Running]:
        return servers.callstead(folder / "callstead", preload)

    def theirs(preload: Path | None) -> AbstractContextManager[Running]:
        assert venv
        return servers.bugsink(venv, folder / "bugsink", preload)

    def both(title: str, targets: dict[str, str], preload: Path | None, **options: object) -> None:
        def work(running: Running) -> Figures:
            return load(running, file, number=number, **options)

        mine = several(runs, ours, preload, work)
        other = several(runs, theirs, preload, work) if venv else None
        table(title, mine, other, targets)

    seconds = 3 if arguments.smoke else arguments.seconds
    high = {"accepted_s": ">= 2,000", "p99_ms": "< 50", "rss_mb": "< 150"}
    both("32 senders, as fast as it goes", high, None, senders=32, seconds=seconds)
    if not arguments.smoke:
        _others(both, folder, seconds)
    _mail(folder, *((30, False) if arguments.smoke else (1000, True)))
    _storm(folder, 500 if arguments.smoke else arguments.storm)


def _others(both: Callable[..., None], folder: Path, seconds: float) -> None:
    both("1 sender, as fast as it goes", {}, None, senders=1, seconds=seconds)
    both("32 senders, 500 reports a second: the digest beside a busy intake",
         {"digested_s": ">= 400"}, None, senders=32, seconds=seconds, rate=500)  # fmt: skip
    slow = slow_disk(folder)
    if slow is None:
        print("\nWithout a C compiler the slow disk is left out.")
    else:
        both("32 senders, each fsync 10 ms longer", {"accepted_s": ">= 500"}, slow,
             senders=32, seconds=seconds)  # fmt: skip


def _mail(folder: Path, number: int, usual_too: bool) -> None:
    print(f"\n### {number:,} mixed reports by mail\n\n| | bytes | of the gzips |\n|---|---|---|")
    whole = {
        "CALLSTEAD_COMM_INTAKE_KEEP_FIRST": str(number),
        "CALLSTEAD_COMM_INTAKE_KEEP_PER_PROBLEM": str(number),
    }
    found = mixed.measure(folder / "mail", number, **whole)
    rows = [
        ("as they were sent, not compressed", found["plain"]),
        ("the sum of their gzips", found["gzips"]),
        ("mailed, every report whole", found["mailed"]),
    ]
    if usual_too:
        usual = mixed.measure(folder / "mail-usual", number)
        rows.append(("mailed as usual: of many alike the first ones whole", usual["mailed"]))
    for words, size in rows:
        print(f"| {words} | {size:,.0f} | {size / found['gzips']:.2f} |", flush=True)


def _storm(folder: Path, number: int) -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / "storm.py"), str(folder / "storm"), str(number)],
        check=True, capture_output=True, text=True, timeout=7200,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )  # fmt: skip
    found = json.loads(done.stdout)
    right = found["counted"] == found["by_hour"] == number and found["problems"] == 1
    print(f"\n### A storm: {number:,} copies of one report, spool and digest\n\n| | |\n|---|---|")
    for words, value in (
        ("seconds, stored and digested", f"{found['seconds']:,.0f}"),
        ("a second", f"{number / found['seconds']:,.0f}"),
        ("came in, bytes gzipped", f"{found['came']:,}"),
        ("database file afterwards, bytes", f"{found['disk']:,}"),
        ("of it in use", f"{found['in_use']:,}"),
        ("largest on the way", f"{found['peak']:,}"),
        ("kept whole", f"{found['samples']:,}"),
        ("only counted, and told so", f"{found['not_kept_whole']:,}"),
        ("problems", f"{found['problems']:,}"),
        ("counters and histogram exact", "yes" if right else "NO"),
    ):
        print(f"| {words} | {value} |")
    if not right:
        raise SystemExit(f"The counters are wrong: {found}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each; the median is printed")
    parser.add_argument("--seconds", type=float, default=10, help="of each run")
    parser.add_argument("--events", type=int, default=30_000)
    parser.add_argument("--storm", type=int, default=1_000_000)
    parser.add_argument("--no-peer", action="store_true", help="leave Bugsink out")
    parser.add_argument("--smoke", action="store_true", help="does it run at all: small, no peer")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    print(time.strftime("%Y-%m-%d"), environment())
    base = None if arguments.smoke else CACHE
    if base:
        base.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:  # not /tmp, which may be memory: fsync must cost
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=base)))
        measure(arguments, folder)


if __name__ == "__main__":
    main()
