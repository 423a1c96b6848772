"""Bringing the switch here: Debian's packages from the machine's own mirror, unpacked as a tree.

`mmdebstrap --mode=chrootless --variant=extract` needs no root. The tree is built aside, tried, and
takes its place by a rename: a kill leaves the old one, or none, and what was fetched stays for the
next time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from appliance.settings.telephony import TelephonySettings
from appliance.telephony.places import Places
from appliance.telephony.tree import MARK, Tree
from appliance.telephony.trial import version_of
from common.atomic import fsync_folder, write_json
from common.clock import Clock, stamp
from common.errors import NetworkError, OperatorError
from common.locks import exclusive

PACKAGES = (
    "asterisk", "asterisk-core-sounds-en-wav", "asterisk-moh-opsound-wav",
    "espeak-ng",  # a program beside it, that speaks what nobody has recorded
)  # fmt: skip
_NEEDED_MIB = 1024  # the tree, and beside it what was fetched and the tree before
_LOCK_SECONDS = 5
_STUCK_SECONDS = 900  # no mirror is so slow that a step of these 100 MB says nothing for so long
# mmdebstrap tells its steps as "I: …"; these are told on, in our words.
_STEPS = {
    "running apt-get update": "reading the mirror's list of packages",
    "downloading packages": "fetching the packages",
    "extracting archives": "unpacking them",
    "cleaning package lists": "tidying up",
}

Say = Callable[[str], None]


def install(
    places: Places, settings: TelephonySettings, clock: Clock, say: Say, *, again: bool = False
) -> dict[str, str]:
    """Make sure that the switch is there; what `Tree.about` says of it then.

    Args:
        places: where.
        settings: mirror and suite.
        clock: for the date.
        say: gets each step, for people.
        again: also when a working one is there.

    Raises:
        OperatorError, NetworkError: a sentence that says what to do.
    """
    places.make()
    busy = "The switch is being installed by another process ({holder}). Wait for it."
    lock = places.root / "install.lock"
    with exclusive(lock, busy=busy, wait=_LOCK_SECONDS, clock=clock):
        about = Tree(places.tree).about
        if about and not again:
            say(f"Asterisk {about['version']} is already here")
            return about
        _room(places.root)
        _sweep(places.building)
        mirror = settings.mirror or machine_mirror()
        say(f"taking Asterisk from the suite {settings.suite} of {mirror}")
        _build(places, settings.suite, mirror, say)
        _mend(places.building)
        say("trying whether it starts")
        about = {
            "version": version_of(Tree(places.building), places.run),
            "suite": settings.suite,
            "installed_at": stamp(clock.now()),
        }
        write_json(places.building / MARK, about)
        _take_place(places)
        shutil.rmtree(places.downloads, ignore_errors=True)
        say(f"Asterisk {about['version']} is installed in {places.tree}")
        return about


def machine_mirror() -> str:
    """The Debian mirror that this machine's apt uses. Raises OperatorError."""
    done = _run_quick(
        ["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)", "Created-By: Packages"]
    )
    for line in done.splitlines():
        origin, _, address = line.partition(" ")
        if origin == "Debian" and "security" not in address:
            return address.rstrip("/")
    raise OperatorError(
        "This machine's apt names no Debian mirror, or never read one (`apt-get update`). Set "
        "appliance.telephony.mirror to the address of one."
    )


def _build(places: Places, suite: str, mirror: str, say: Say) -> None:
    (places.downloads / "partial").mkdir(parents=True, exist_ok=True)
    # What was fetched outlives a kill: apt keeps its files there, not in the tree.
    keep = 'rm -rf "$1/var/cache/apt/archives"; ln -s "$OUR_DOWNLOADS" "$1/var/cache/apt/archives"'
    command = [
        "mmdebstrap", "--mode=chrootless", "--variant=extract",
        "--aptopt=Acquire::Check-Valid-Until \"false\"",
        "--aptopt=Apt::Install-Recommends \"false\"",
        "--aptopt=Acquire::Retries \"3\"",
        f"--setup-hook={keep}", "--skip=download/empty",
        f"--include={','.join(PACKAGES)}", suite, str(places.building), mirror,
    ]  # fmt: skip
    environment = dict(os.environ) | {
        "OUR_DOWNLOADS": str(places.downloads),
        "TMPDIR": str(places.root),
        "LC_ALL": "C",
    }
    last: list[str] = []
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", env=environment, start_new_session=True,
        )  # fmt: skip
    except FileNotFoundError:
        raise OperatorError(
            "The program mmdebstrap is not on this machine. Install Debian's package of that name "
            "(`apt-get install mmdebstrap`), then try again."
        ) from None
    with _ended(process):
        assert process.stdout is not None  # noqa: S101 - it was asked for above
        for line in process.stdout:
            last = [*last[-7:], line.rstrip()]
            for begin, words in _STEPS.items():
                if begin in line:
                    say(words)
        status = process.wait(_STUCK_SECONDS)
    if status:
        raise NetworkError(
            f"The packages of the switch could not be fetched or unpacked (mmdebstrap ended with "
            f"{status}): {' / '.join(last)}. Look at the network and the mirror, and try again: "
            "what was fetched is kept."
        )


@contextlib.contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """Whatever happens, it does not run on behind our back."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)
        if process.stdout:
            process.stdout.close()


def _mend(tree: Path) -> None:
    """What the packages' scripts would have done, as far as it is needed here."""
    sounds = tree / "usr" / "share" / "asterisk" / "sounds"
    if not (sounds / "en").exists():
        voices = sorted(path.name for path in sounds.glob("en_*") if path.is_dir())
        if not voices:
            raise OperatorError("The packages brought no voice; report this.")
        (sounds / "en").symlink_to(voices[0])


def _take_place(places: Places) -> None:
    old = places.root / ".old-switch"
    _sweep(old)
    if places.tree.exists():
        places.tree.rename(old)
    places.building.rename(places.tree)
    fsync_folder(places.root)
    _sweep(old)


def _room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free // 2**20
    if free < _NEEDED_MIB:
        raise OperatorError(
            f"The disk of {folder} has {free} MiB free; the switch needs {_NEEDED_MIB} MiB while "
            "it is installed. Make room, or move appliance.data_dir."
        )


def _sweep(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _run_quick(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
