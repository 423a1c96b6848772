"""Drives one program through the table of updater/states.py, one step at a time."""

from __future__ import annotations

from common.errors import CallsteadError
from common.logs import get_logger
from updater import pointer, settle, slots
from updater.journal import Program, Release
from updater.launcher import read_pointer
from updater.states import State
from updater.steps import Steps
from updater.tools import Tools
from updater.work import StoppingError, Work

log = get_logger(__name__)


class Engine:
    """One program's updater. `step` is called by one thread at a time; `hint`, `stop` by any.

    Args:
        product: an adopted program.
        tools: its tools.
    """

    def __init__(self, product: str, tools: Tools) -> None:
        self.product = product
        self._work = Work(product, tools)
        self._steps = Steps(self._work)

    @property
    def progress(self) -> tuple[int, int] | None:
        """Of a download, (bytes so far, bytes in all)."""
        return self._work.progress

    def read(self) -> Program:
        """The program as the database has it."""
        return self._work.read()

    def hint(self) -> None:
        """Something may be new: the next step looks."""
        self._work.looks.hint()

    def hurry(self) -> None:
        """Somebody at this computer wants neither window nor postponement.

        A program in use is waited for all the same.
        """
        self._work.at_once = True

    def stop(self) -> None:
        """Let a running step end soon."""
        self._work.stopping = True

    def recover(self) -> None:
        """Once, before the first step: put in order what a killed run left."""
        program, tools = self.read(), self._work.tools
        folder = tools.folder
        folder.root.mkdir(parents=True, exist_ok=True)
        folder.data.mkdir(exist_ok=True)
        pointer.sweep(folder.root)
        slots.sweep(folder.slots)
        if program.state is not State.IDLE:
            log.info("program.resumed", product=self.product, state=program.state)
            return
        if program.current is None and (found := self._found_in_folder()):
            tools.journal.take_over(program, found)
            program = self.read()
        settle.settle(program, tools)

    def step(self) -> float:
        """Do what the state asks for; seconds until it should be called again.

        Expected errors become the program's ``reason`` and a growing pause; what is raised is a
        fault of ours, and the state is as it was.
        """
        program = self.read()
        try:
            pause = self._steps.of[program.state](program)
        except StoppingError:
            return 0.0
        except CallsteadError as error:
            pause = self._work.looks.failed()
            self._work.note(program, str(error))
            return pause
        self._work.looks.went_well()
        return pause

    def _found_in_folder(self) -> Release | None:
        folder = self._work.tools.folder
        now = read_pointer(folder.root)
        if now is None or now.slot is None:
            return None
        manifest = slots.manifest_of(folder.slots, now.slot)
        return Release(manifest.version, manifest.digest) if manifest else None
