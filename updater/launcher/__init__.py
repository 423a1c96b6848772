"""The launcher: keeps one program running, and falls back when a new release cannot start.

``python -m updater.launcher FOLDER``. It outlives updates of everything else, so it knows the
standard library alone and meets the updater only in files of FOLDER (one program's folder):

=================  =========  ==================================================================
``current.json``   both       which slot is to run, see `Pointer`; a new ``generation`` means:
                              start (again). Read, compare, replace it in the `pointer_lock`.
``launch.json``    updater    ``env``; ``keep``, beginnings of the launcher's own variables that
                              the program gets too; ``stop_seconds``, ``max_attempts``;
                              ``trial_seconds``, the longest trial (0: no limit);
                              ``hook_seconds``, for a release's snapshot hook; ``otherwise``,
                              a command that the launcher becomes when no slot is to run
``attempts.json``  launcher   starts of a generation on trial, counted *before* each start
``running.json``   launcher   the running program; on Linux written by the program's own process
                              before its first instruction, so that no orphan is ever unknown
``outcome.json``   launcher   why a generation on trial was given up; ``started`` is false when
                              its slot never ran
``snapshots/``     launcher   the program's data before a switch
``log/``           launcher   ``program.log`` (stdout and stderr) and one older part
=================  =========  ==================================================================

The program is in a session of its own and writes its log itself: when the launcher is killed, it
lives on, and the next launcher adopts it by its pid and the kernel's start time of that pid.

`rules` decides, `keeper` acts. What differs between systems is in `updater.platform`.
"""

from updater.launcher.files import (
    TAIL_LINES,
    cap_log,
    pointer_lock,
    read_json,
    read_pointer,
    tail,
    write_json,
)
from updater.launcher.keeper import Launcher
from updater.launcher.program import Program
from updater.launcher.rules import (
    Action,
    Pointer,
    State,
    after_fall_back,
    decide,
    describe_end,
    pause_seconds,
)
from updater.platform import here

boot_id = here.boot_id
kernel_start = here.kernel_start

__all__ = [
    "TAIL_LINES",
    "Action",
    "Launcher",
    "Pointer",
    "Program",
    "State",
    "after_fall_back",
    "boot_id",
    "cap_log",
    "decide",
    "describe_end",
    "kernel_start",
    "pause_seconds",
    "pointer_lock",
    "read_json",
    "read_pointer",
    "tail",
    "write_json",
]
