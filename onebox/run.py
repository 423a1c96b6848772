"""`callstead run`: a whole site and a small home on this machine, in the foreground."""

from __future__ import annotations

import fcntl
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from common.errors import OperatorError
from onebox import prepare
from onebox.calls import healthy
from onebox.layout import Layout, callstead, companion_port, read_layout, refuse_taken_ports
from onebox.processes import Processes, Program


@contextmanager
def running_site(console: Console) -> Iterator[tuple[Layout, Processes]]:
    """Prepare and start everything; on leaving, stop everything in order.

    Raises OperatorError: broken settings, a folder that cannot be written, a port in use,
    or another `callstead run` on the same folder.
    """
    layout = read_layout()
    with _alone(layout):
        refuse_taken_ports(layout)
        processes = Processes(layout.run_file)
        try:
            _start_all(layout, processes, lambda line: console.print(f"  {line}", highlight=False))
            yield layout, processes
        finally:
            processes.stop()


def run_forever(console: Console) -> None:
    """Start, print the panel and ``ready``, and watch until Ctrl-C or SIGTERM."""
    leave_on_signals()
    try:
        with running_site(console) as (layout, processes):
            console.print(panel(layout))
            print("ready", flush=True)  # noqa: T201 - the line that scripts wait for
            watch(processes, threading.Event(), console)
    except KeyboardInterrupt:
        console.print("  stopped in order; the data stays in", str(read_layout().home))


def leave_on_signals() -> None:
    """SIGTERM does what Ctrl-C does."""

    def leave(_number: int, _frame: object) -> None:
        # Once is enough: what follows is the orderly stop, which nothing should interrupt.
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, leave)


def watch(processes: Processes, leave: threading.Event, console: Console) -> None:
    """Start again what dies, until told to leave."""
    while not leave.wait(0.5):
        for line in processes.tick():
            console.print(f"  {line}", highlight=False)


def panel(layout: Layout) -> Panel:
    """Addresses and the first sign-in."""
    settings = layout.settings
    table = Table.grid(padding=(0, 2))
    for name, room, who in (
        ("The appliance (agents, supervisors)", "appliance", "admin"),
        ("The site's console", "comm", "admin"),
        ("The vendor's console", "home", "admin"),
    ):
        table.add_row(
            name, f"https://localhost:{settings[room].port}/", _first_sign_in(layout, room, who)
        )
    table.add_row(
        "The client's program", f"http://localhost:{companion_port()}/", "softphone companion"
    )
    table.add_row(
        "The vendor's mail", f"SMTP localhost:{settings['home'].mail.port}",
        f"Maildir {layout.folder('home') / 'Maildir'}",
    )  # fmt: skip
    return Panel(
        table,
        title="Callstead",
        subtitle="next: callstead demo · Ctrl-C stops",
        expand=False,
    )


def _first_sign_in(layout: Layout, room: str, who: str) -> str:
    note = layout.folder(room) / "first-sign-in"
    if not note.exists():
        return "the password you chose"
    password = note.read_text("utf-8").strip().splitlines()[-1].removeprefix("password: ")
    return f"first sign-in: {who} / {password}"


def _start_all(layout: Layout, processes: Processes, tell: prepare.Tell) -> None:
    """In the order in which they need each other; PyInstaller works meanwhile."""
    settings = layout.settings
    serve = partial(_program, layout)
    with ThreadPoolExecutor(1, thread_name_prefix="build") as pool:
        built = pool.submit(prepare.build_first, layout, tell)
        prepare.home(layout, tell)
        processes.start(serve("home", partial(healthy, settings["home"].port)))
        prepare.site(layout, tell)
        processes.start(serve("comm", partial(healthy, settings["comm"].port)))
        appliance = serve("appliance", partial(healthy, settings["appliance"].port))
        appliance.env = prepare.appliance_reporting(layout)
        processes.begin(appliance)
        built.result()
    prepare.first_release(layout, tell)
    prepare.client(layout, tell)
    processes.start(serve("updater", partial(_updater_ready, layout), patience=90))
    processes.wait(appliance)


def _program(layout: Layout, room: str, ready: object, patience: float = 60) -> Program:
    return Program(
        name=room,
        argv=callstead(room, "run" if room == "appliance" else "serve"),
        log=layout.logs / f"{room}.log",
        healthy=ready,  # type: ignore[arg-type]
        patience=patience,
    )


def _updater_ready(layout: Layout) -> bool:
    """The updater has written its status, and the program in its care works."""
    return (layout.folder("updater") / "status.json").exists() and healthy(companion_port())


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    with (layout.home / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OperatorError(
                f"`callstead run` is already running on {layout.home}. "
                "Stop it first, or set CALLSTEAD_HOME to another folder."
            ) from error
        yield
