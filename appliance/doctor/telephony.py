"""The telephones' part of `callstead doctor`."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil

from appliance.doctor.ways import ways_checks
from appliance.domain.telephony.trunks import Registration
from appliance.settings import ApplianceSettings
from appliance.telephony.ari.connection import APPLICATION
from appliance.telephony.audio import seconds_of
from appliance.telephony.console import FOLLOWERS, VERSION, Console
from appliance.telephony.facts import trunk_states
from appliance.telephony.names import host_of
from appliance.telephony.places import Places
from appliance.telephony.ports import Port, lacking, ports_of, voice_ports
from appliance.telephony.registrations import configured_trunks, registrar
from appliance.telephony.running import running_pid
from appliance.telephony.speech import speak
from appliance.telephony.tree import Tree
from common.doctor import Check, Result
from common.errors import OperatorError
from common.locks import is_held

_INSTALL = "`callstead appliance telephony install`"
_RUN = "`callstead appliance telephony run`"
_ANSWER_SECONDS = 5.0
_LEAST_FREE = 1024  # MiB
_HOUR_TAKES = 55  # MiB; 8000 samples of 16 bits a second


def telephony_checks(settings: ApplianceSettings) -> Iterator[Check]:
    """The switch, whether it runs and answers, its ports, and what it cannot do without."""
    places = Places(settings.telephony_folder)
    yield Check("telephony: switch", lambda: _switch(places))
    if Tree(places.tree).about is None:
        return  # nobody wants telephones here, or not yet: there is nothing more to say
    yield Check("telephony: names", _names)
    yield Check("telephony: voice", lambda: _voice(places))
    yield Check("telephony: recordings", lambda: _recordings(places, settings))
    pid = running_pid(places)
    version = _ask(places, VERSION) if pid is not None else ""
    if pid is None:
        for port in ports_of(settings.telephony):
            yield Check(f"telephony: {port}", partial(_free, port))
    yield Check("telephony: running", lambda: _running(places, pid, version))
    if pid is not None:
        yield Check("telephony: looked after", lambda: _looked_after(places))
        yield Check("telephony: ports", lambda: _ports(pid, settings))
    yield Check("telephony: voice ports", lambda: _voice_ports(pid, settings))
    if version:
        yield Check("telephony: appliance", lambda: _followed(places))
    # One that does not answer knows no trunk, and would be waited for at each.
    for name in configured_trunks(places) if version or pid is None else ():
        yield Check(f"telephony: trunk {name}", partial(_trunk, places, name))
    yield from ways_checks(settings, places)


def _switch(places: Places) -> Result:
    name = "telephony: switch"
    about = Tree(places.tree).about
    if about:
        return Result(name, True, f"Asterisk {about['version']} of {about['installed_at'][:10]}")
    if places.downloads.exists() or places.building.exists():
        return Result(
            name, False, "an installation of the switch was cut off",
            f"Run {_INSTALL} again; what was fetched is kept.",
        )  # fmt: skip
    return Result(name, True, f"none is installed, so there are no telephones; {_INSTALL} "
                  "brings it")  # fmt: skip


def _voice(places: Places) -> Result:
    """Whether texts can be spoken; a flow of recordings alone needs no voice."""
    name = "telephony: voice"
    try:
        sound = speak(Tree(places.tree), "1", "en")
    except OperatorError as error:
        return Result(
            name, False, f"no text can be spoken to callers: {error}",
            f"Bring the voice again with {_INSTALL[:-1]} --again`; until then let flows play "
            "recordings.",
        )  # fmt: skip
    return Result(name, True, f"espeak-ng speaks ({seconds_of(sound):.1f} s for one word)")


def _recordings(places: Places, settings: ApplianceSettings) -> Result:
    """Where the switch writes, and where it is kept: recording fails as a whole without either."""
    name = "telephony: recordings"
    kept = Path(settings.telephony.recordings_folder or settings.folder / "recordings")
    spool = places.recorded("none").parent
    for folder in (spool, kept):
        there = next(one for one in (folder, *folder.parents) if one.exists())
        if folder is spool and there is not spool and running_pid(places) is not None:
            return Result(
                name, False, f"nothing is recorded: the running switch's folder {spool} is gone",
                f"{_RUN} makes it again within seconds; start it, if it does not run, and look who "
                "removes it.",
            )  # fmt: skip
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            return Result(
                name, False, f"nothing can be recorded: {folder} cannot be written to",
                f"Give {there} to the user that runs the appliance, and start {_RUN} again: it "
                "makes what is missing.",
            )  # fmt: skip
        free = shutil.disk_usage(there).free // 2**20
        if free < _LEAST_FREE:
            return Result(
                name, False, f"the disk of {folder} has {free} MiB free, which is "
                f"{free / _HOUR_TAKES:.1f} hours of talk",
                "Make room, or move appliance.telephony.recordings_folder; "
                "appliance.telephony.recordings_days says how long recordings are kept.",
            )  # fmt: skip
    return Result(name, True, f"kept in {kept}")


def _running(places: Places, pid: int | None, version: str) -> Result:
    name = "telephony: running"
    if pid is None:
        return Result(
            name, False, "the switch does not run, so nobody can call",
            f"Start {_RUN}, or the unit callstead-telephony; why it ended is at the end of "
            f"{places.log / 'messages.log'}.",
        )  # fmt: skip
    if not version:
        return Result(
            name, False, f"the switch runs as process {pid} and does not answer",
            f"Restart the unit callstead-telephony, or end {_RUN} and start it again; who looks "
            "after the switch does so, too, when it is silent for "
            "appliance.telephony.lost_seconds.",
        )  # fmt: skip
    return Result(name, True, f"{' '.join(version.split()[:2])} answers as process {pid}")


def _ask(places: Places, command: str) -> str:
    return Console(Tree(places.tree), places.config, _ANSWER_SECONDS).ask(command)


def _looked_after(places: Places) -> Result:
    """Whether somebody would start it again, and tells it of phones and trunks."""
    name = "telephony: looked after"
    try:
        held = is_held(places.run_lock)
    except OSError:
        return Result(name, True, "somebody else's: not looked at")
    if held:
        return Result(name, True, f"by {_RUN}")
    return Result(
        name, False, "nobody looks after the switch: it would not be started again, and hears of "
        "no new phone, trunk or setting",
        f"Start {_RUN}, or the unit callstead-telephony; it finds the switch that runs, and cuts "
        "no call.",
    )  # fmt: skip


def _voice_ports(pid: int | None, settings: ApplianceSettings) -> Result:
    name = "telephony: voice ports"
    telephony = settings.telephony
    span = f"UDP {telephony.rtp_first} to {telephony.rtp_last}"
    try:
        now = voice_ports(telephony, pid)
    except (OSError, psutil.Error):
        return Result(name, True, f"{span}: this machine does not tell")
    said = f"{now.free} of {span} are free; calls have {now.calls}, other programs {now.others}"
    if not now.scarce:
        return Result(name, True, said)
    return Result(
        name, False, said,
        "End the other programs (`ss -lnup` names them), or set appliance.telephony.rtp_first and "
        "rtp_last to a range that is free and large enough, and let it through the firewall.",
    )  # fmt: skip


def _free(port: Port) -> Result:
    why = port.taken()
    if why:
        return Result(f"telephony: {port}", False, why, port.way_out)
    return Result(f"telephony: {port}", True, f"{port.host}:{port.number} is free for the switch")


def _ports(pid: int, settings: ApplianceSettings) -> Result:
    """Of a switch that runs: it may have been started with other settings."""
    name = "telephony: ports"
    try:
        lacks = lacking(pid, settings.telephony)
    except psutil.Error:
        return Result(name, True, "the switch is another user's: not looked at")
    if not lacks:
        return Result(name, True, ", ".join(map(str, ports_of(settings.telephony))))
    return Result(
        name, False, f"the switch does not listen at {', '.join(map(str, lacks))}",
        f"It was started with other settings, or another program had the port (`ss -lntup` names "
        f"it). End {_RUN} and start it again; that ends calls.",
    )  # fmt: skip


def _followed(places: Places) -> Result:
    """Whether a process of the appliance holds the calls; without, the switch is on its own."""
    name = "telephony: appliance"
    if APPLICATION in _ask(places, FOLLOWERS).split():
        return Result(name, True, "a process of it takes the calls")
    return Result(
        name, False, "no process of it takes the calls: who calls rings at every desk phone at "
        "once, without menu, queue or recording",
        "Start `callstead appliance run`, with the role `phone` if it has only some of them; it "
        "must have this data folder, and the same appliance.telephony.ari_port.",
    )  # fmt: skip


def _trunk(places: Places, trunk: str) -> Result:
    name = f"telephony: trunk {trunk}"
    state, why = trunk_states(places, [trunk])[trunk]
    if state is Registration.REGISTERED:
        return Result(name, True, f"{trunk} is registered with its provider")
    if state is Registration.UNKNOWN:
        return Result(
            name, False, f"{trunk} is not registered, because the switch does not run or has not "
            "taken it over yet", f"Start {_RUN}; it takes a new trunk over within seconds.",
        )  # fmt: skip
    if state is Registration.NOT_FOUND:
        host = host_of(registrar(places, trunk))
        return Result(
            name, False, f"the provider's machine {host} is not known by this name ({why})",
            f"Correct it: `callstead appliance telephony trunk add {trunk}`, or mend the name "
            "server.",
        )  # fmt: skip
    if state is Registration.REFUSED:
        return Result(
            name, False, f"the provider of {trunk} refuses the user or the password",
            f"Compare both with the provider's letter, and set them again: `callstead appliance "
            f"telephony trunk add {trunk}`.",
        )  # fmt: skip
    return Result(
        name, False, f"the provider of {trunk} does not answer",
        "Look whether its address is right and whether the firewall lets SIP (UDP) out and its "
        f"answers in; more is at the end of {places.log / 'messages.log'}.",
    )  # fmt: skip


def _names() -> Result:
    """The switch asks for its own machine's name at the start, and waits for a dead resolver."""
    name = "telephony: names"
    here = socket.gethostname()
    try:
        found = socket.getaddrinfo(here, None)[0][4][0]
    except OSError as error:
        return Result(
            name, False, f"this machine's own name {here} leads nowhere ({error.strerror})",
            f"Add a line `127.0.1.1 {here}` to /etc/hosts, or mend the name server.",
        )  # fmt: skip
    return Result(name, True, f"{here} is {found}")
