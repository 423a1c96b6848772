"""The order of the story; each chapter is a file beside this one."""

from __future__ import annotations

import fcntl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console

from common.errors import CallsteadError
from onebox.demo import error_home, forgeries, update_in
from onebox.demo.teller import Teller
from onebox.demo.versions import Versions, choose
from onebox.layout import Layout, read_layout
from onebox.run import leave_on_signals, running_site, watch


@dataclass
class Story:
    """What the chapters share. ``at`` is the number of the step under way."""

    layout: Layout
    versions: Versions
    teller: Teller
    at: str = "0"


def play(*, as_json: bool, console: Console) -> bool:
    """Play everything; whether every step held."""
    teller = Teller(console, as_json=as_json)
    leave_on_signals()
    story: Story | None = None
    try:
        with _site(teller, console) as layout:
            story = Story(layout, choose(layout), teller)
            update_in.bring_back_the_fault(story)
            builds = update_in.build_ahead(story)
            reported = error_home.crash(story)
            error_home.mailed(story, reported)
            error_home.acknowledged(story, reported)
            before = forgeries.keep_a_copy(story)
            update_in.fix(story, builds)
            update_in.bad_release(story, builds)
            forgeries.tampered(story, builds)
            forgeries.replayed(story, before)
            teller.done("every step held")
    except (CallsteadError, OSError, subprocess.TimeoutExpired) as error:  # requests' too
        teller.failed(story.at if story else "0", str(error) or type(error).__name__)
        return False
    except KeyboardInterrupt:
        teller.failed(story.at if story else "0", "interrupted")
        return False
    return True


@contextmanager
def _site(teller: Teller, console: Console) -> Iterator[Layout]:
    """The running site; when there is none, one that lives as long as the story."""
    layout = read_layout()
    if _runs(layout):
        yield layout
        return
    teller.note("no site is running on this folder; starting one for the story")
    quiet = Console(file=console.file, quiet=True)
    with running_site(quiet) as (started, processes):
        leave = threading.Event()
        keeper = threading.Thread(target=watch, args=(processes, leave, quiet), daemon=True)
        keeper.start()
        try:
            yield started
        finally:
            leave.set()
            keeper.join()


def _runs(layout: Layout) -> bool:
    """Whether `callstead run` holds its lock on this folder."""
    with (layout.home / "run.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        return False
