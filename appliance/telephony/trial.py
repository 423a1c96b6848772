"""Whether a tree works: it is started with next to nothing, and asked for its version."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from appliance.telephony.console import Console
from appliance.telephony.tree import Tree
from common.clock import SystemClock
from common.errors import OperatorError

_BOOT_SECONDS = 60.0
_DIRECTORIES = """\
[directories]
astetcdir => {here}
astmoddir => {tree.modules}
astvarlibdir => {here}
astdbdir => {here}
astkeydir => {here}
astdatadir => {tree.shared}
astagidir => {here}
astspooldir => {here}
astrundir => {here}
astlogdir => {here}
astcachedir => {here}
astsbindir => {here}
"""


def version_of(tree: Tree, near: Path) -> str:
    """Start it with one module and no port, ask ``core show version``, end it.

    Args:
        tree: to be tried.
        near: a folder with a short path, for its socket.

    Raises:
        OperatorError: it does not start, or does not answer.
    """
    here = Path(tempfile.mkdtemp(prefix="trial-", dir=near))
    try:
        (here / "asterisk.conf").write_text(_DIRECTORIES.format(here=here, tree=tree), "utf-8")
        (here / "modules.conf").write_text("[modules]\nautoload=no\nload=pbx_config.so\n", "utf-8")
        (here / "extensions.conf").write_text("[general]\n", "utf-8")
        with (here / "output").open("wb") as output:
            process = subprocess.Popen(
                tree.command(here / "asterisk.conf", "-f", "-n"),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        try:
            console = Console(tree, here)
            answer = console.until_answers(process, _BOOT_SECONDS, SystemClock())
            console.ask("core stop now")
            process.wait(20)
        finally:
            process.kill()
            process.wait(20)
        if not answer.startswith("Asterisk "):
            said = (here / "output").read_text("utf-8", "replace")[-600:]
            raise OperatorError(
                f"The switch in {tree.folder} does not start: {said.strip() or answer or 'silence'}"
                ". Install it again, with `--again`."
            )
        return answer.split()[1]
    finally:
        shutil.rmtree(here, ignore_errors=True)
