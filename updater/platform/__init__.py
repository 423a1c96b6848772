"""What differs between kinds of system, one file for each; `here` is the one we run on.

The launcher uses it: the standard library alone, like the launcher itself.

==================  ============================================================================
`lock`              the exclusive lock of an open file; it ends with the process
`fsync_folder`      make renames and creations in a folder durable
`kernel_start`      when a pid was started, or None: tells a process from a later one of its pid
`boot_id`           names this boot, where `kernel_start` counts from the boot
`start`             start a program in a group of its own, which announces itself
`ask_to_end`        the polite signal to that group
`end_now`           the other one
`ask_to_reload`     that the program read its settings again
`same_mode`         whether a file's mode is the one that it was given
`loosen`            let what is read-only in a folder be removed
``STOP_SIGNALS``    what asks the launcher to stop its program and leave
``LEAVE_SIGNAL``    what asks it to leave its program to the next launcher; None: nothing does
``DUMMY``           a program that does nothing: file name and bytes
==================  ============================================================================
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from updater.platform import windows as here
else:
    from updater.platform import linux as here

__all__ = ["here"]
