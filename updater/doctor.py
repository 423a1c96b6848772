"""What an administrator would check of the updater."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cryptography import x509

from common.clock import SystemClock, parse_stamp
from common.doctor import Check, Result
from common.errors import CallsteadError
from common.settings import load
from updater import identity, slots
from updater.app import open_journal
from updater.comm import Comm
from updater.identity import Identity
from updater.journal import Program
from updater.lock import is_held
from updater.paths import DataFolder
from updater.settings import UpdaterSettings
from updater.status import describe_program

# The messenger sends within seconds: a day means that nobody heard of what happened here.
_OLD_RECEIPT = timedelta(days=1)
_CERTIFICATE_LEFT = timedelta(days=60)


def checks() -> Iterator[Check]:
    """The updater's checks; none but the first on a machine where it is not used."""
    settings = load(UpdaterSettings, "updater")
    folder = DataFolder(settings.folder)
    yield Check("updater: joined", lambda: _joined(folder))
    who = identity.find(folder.identity)
    if who is None:
        return
    yield Check("updater: certificate", lambda: _certificate(who))
    yield Check("updater: communications server", lambda: _server(who, settings))
    yield Check("updater: running", lambda: _serving(folder))
    if not folder.database.exists():
        return
    yield Check("updater: receipts", lambda: _receipts(folder))
    journal = open_journal(folder, SystemClock())
    try:
        programs = journal.programs()
    finally:
        journal.close()
    for program in programs:
        yield _program_check(folder, program)


def _joined(folder: DataFolder) -> Result:
    name = "updater: joined"
    if not folder.root.exists():
        return Result(name, ok=True, found="no updater is used on this machine")
    who = identity.find(folder.identity)
    if who:
        return Result(name, ok=True, found=f"{who.name} ({who.client}) at {who.site}")
    return Result(
        name,
        ok=False,
        found="this computer has not joined a site",
        advice="Make a code on the communications server with `callstead comm invite`, then run "
        "`callstead updater join ADDRESS CODE --root FILE --name NAME`.",
    )


def _certificate(who: Identity) -> Result:
    certificate = x509.load_pem_x509_certificate(who.certificate_file.read_bytes())
    ends = certificate.not_valid_after_utc
    ok = ends - datetime.now(UTC) > _CERTIFICATE_LEFT
    advice = "" if ok else "Join again with a new code and --again."
    return Result("updater: certificate", ok, f"valid until {ends:%Y-%m-%d}", advice)


def _server(who: Identity, settings: UpdaterSettings) -> Result:
    name = "updater: communications server"
    comm = Comm(who, settings.network, SystemClock())
    try:
        comm.healthz()
    except CallsteadError as error:
        return Result(
            name, ok=False, found=str(error), advice="Check that it runs and is the right one."
        )
    finally:
        comm.close()
    return Result(name, ok=True, found=f"{who.address} answers, and is this site's")


def _serving(folder: DataFolder) -> Result:
    ok = is_held(folder.lock)
    found = "an updater works here" if ok else "no updater works here"
    advice = "" if ok else "Start it: `callstead updater serve`, or its systemd service."
    return Result("updater: running", ok, found, advice)


def _receipts(folder: DataFolder) -> Result:
    journal = open_journal(folder, SystemClock())
    try:
        count, oldest = journal.count_unsent()
    finally:
        journal.close()
    ok = oldest is None or datetime.now(UTC) - parse_stamp(oldest) < _OLD_RECEIPT
    found = f"{count} wait to be sent" + (f", since {oldest}" if oldest else "")
    advice = "" if ok else "Check the way to the communications server."
    return Result("updater: receipts", ok, found, advice)


def _program_check(folder: DataFolder, program: Program) -> Check:
    name = f"updater: {program.product}"

    def run() -> Result:
        told = describe_program(folder, program, SystemClock())
        if program.current is None:
            found = f"nothing is installed yet; {program.reason or program.state}"
            return Result(name, ok=True, found=found)
        slot = slots.verify(folder.program(program.product).slots, program.current.digest)
        version = program.current.version
        if slot:
            return Result(
                name,
                ok=False,
                found=f"{version} is not as it was signed: {slot[0]}",
                advice="Find out who changed it; `callstead updater verify` lists everything.",
            )
        if not told["running"]:
            return Result(
                name,
                ok=False,
                found=f"{version} does not run",
                advice=f"Read {folder.program(program.product).log}; start the updater if it is "
                "not running.",
            )
        if told["lists"] and told["lists"]["expired"]:
            return Result(
                name,
                ok=False,
                found=f"{version} runs. {told['lists']['sentence']}",
                advice="See whether the communications server hears the vendor, and whether this "
                "clock is right; or bring newer lists: `callstead updater import FOLDER`.",
            )
        pid = told["running"]["pid"]
        return Result(name, ok=True, found=f"{version} runs as process {pid}, whole as signed")

    return Check(name, run)
