"""What the steps of one program share: its tools, its gate, and one way to write down what was."""

from __future__ import annotations

from common.errors import CallsteadError, OperatorError
from common.logs import get_logger
from updater.gate import Gate
from updater.journal import Program
from updater.looks import Looks
from updater.states import Event
from updater.tools import Tools

log = get_logger(__name__)


class StoppingError(CallsteadError):
    """The updater was asked to stop; the step goes on at the next start."""


class Work:
    """One program's.

    Args:
        product: an adopted program.
        tools: its tools.

    Attributes:
        progress: of a download, (bytes so far, bytes in all).
        stopping: a running step shall end soon.
        at_once: somebody at this computer wants neither window nor postponement; a program in
            use is waited for all the same.
    """

    def __init__(self, product: str, tools: Tools) -> None:
        self.product = product
        self.tools = tools
        self.gate = Gate(tools)
        self.looks = Looks(tools)
        self.progress: tuple[int, int] | None = None
        self.stopping = False
        self.at_once = False

    def read(self) -> Program:
        """The program as the database has it."""
        program = self.tools.journal.program(self.product)
        if program is None:
            raise OperatorError(
                f"{self.product!r} is not looked after here. "
                f"`callstead updater adopt {self.product} --port N` begins it."
            )
        return program

    def move(self, program: Program, event: Event, note: str, **rest: object) -> None:
        """Along the table; see `Journal.move`."""
        new = self.tools.journal.move(program, event, note, **rest)  # type: ignore[arg-type]
        log.info(
            "program.moved", product=self.product, happened=event, state=new.state, reason=note
        )

    def note(self, program: Program, reason: str) -> None:
        """Why it stays where it is."""
        if reason != program.reason:
            log.info("program.waits", product=self.product, state=program.state, reason=reason)
        self.tools.journal.note(program, reason)

    def show_progress(self, done: int, total: int) -> None:
        """Of a download, called for each piece. Raises StoppingError when it shall end."""
        self.progress = (done, total)
        if self.stopping:
            raise StoppingError(f"The download of {self.product} was interrupted.")


def name_of(program: Program) -> str:
    """The release that it goes to, for sentences."""
    target = program.wanted()
    return f"{target.product} {target.version}"
