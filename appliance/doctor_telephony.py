"""The telephones' part of `callstead doctor`."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from appliance.domain.telephony.trunks import Registration
from appliance.settings import ApplianceSettings
from appliance.telephony.audio import seconds_of
from appliance.telephony.console import VERSION, Console
from appliance.telephony.facts import trunk_facts
from appliance.telephony.places import Places
from appliance.telephony.registrations import configured_trunks
from appliance.telephony.running import running_pid
from appliance.telephony.speech import speak
from appliance.telephony.tree import Tree
from common.doctor import Check, Result
from common.errors import OperatorError

_INSTALL = "`callstead appliance telephony install`"
_RUN = "`callstead appliance telephony run`"


def telephony_checks(settings: ApplianceSettings) -> Iterator[Check]:
    """The switch, whether it runs and answers, its ports, and what it cannot do without."""
    places = Places(settings.telephony_folder)
    yield Check("telephony: switch", lambda: _switch(places))
    if Tree(places.tree).about is None:
        return  # nobody wants telephones here, or not yet: there is nothing more to say
    yield Check("telephony: names", _names)
    yield Check("telephony: voice", lambda: _voice(places))
    yield Check("telephony: recordings", lambda: _recordings(places, settings))
    if running_pid(places) is None:
        ports = settings.telephony
        for kind, host, port, key in (
            (socket.SOCK_DGRAM, ports.host, ports.sip_port, "sip_port"),
            (socket.SOCK_STREAM, ports.host, ports.sip_port, "sip_port"),
            (socket.SOCK_STREAM, "127.0.0.1", ports.ari_port, "ari_port"),
        ):
            name = f"telephony: {'UDP' if kind is socket.SOCK_DGRAM else 'TCP'} port {port}"
            yield Check(name, _PortFree(name, kind, host, port, f"appliance.telephony.{key}"))
    yield Check("telephony: running", lambda: _running(places))
    for name in configured_trunks(places):
        yield Check(f"telephony: trunk {name}", partial(_trunk, places, name))


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
    for folder in (places.recorded("none").parent, kept):
        there = next(one for one in (folder, *folder.parents) if one.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            return Result(
                name, False, f"nothing can be recorded: {folder} cannot be written to",
                f"Give {there} to the user that runs the appliance, and start {_RUN} again: it "
                "makes what is missing.",
            )  # fmt: skip
    return Result(name, True, f"kept in {kept}")


def _running(places: Places) -> Result:
    name = "telephony: running"
    pid = running_pid(places)
    if pid is None:
        return Result(
            name, False, "the switch does not run, so nobody can call",
            f"Start {_RUN}, or the unit callstead-telephony; why it ended is at the end of "
            f"{places.log / 'messages.log'}.",
        )  # fmt: skip
    version = Console(Tree(places.tree), places.config).ask(VERSION)
    if not version:
        return Result(
            name, False, f"the switch runs as process {pid} and does not answer",
            f"Start {_RUN} again: it ends a switch that is silent.",
        )  # fmt: skip
    return Result(name, True, f"{' '.join(version.split()[:2])} answers as process {pid}")


def _trunk(places: Places, trunk: str) -> Result:
    name = f"telephony: trunk {trunk}"
    state = trunk_facts(places.root, [trunk])[trunk]
    if state is Registration.REGISTERED:
        return Result(name, True, f"{trunk} is registered with its provider")
    if state is Registration.REFUSED:
        return Result(
            name, False, f"the provider of {trunk} refuses the user or the password",
            f"Compare both with the provider's letter, and set them again: `callstead appliance "
            f"telephony trunk add {trunk}`.",
        )  # fmt: skip
    if state is Registration.SILENT:
        return Result(
            name, False, f"the provider of {trunk} does not answer",
            "Look whether its address is right and whether the firewall lets SIP (UDP) out and its "
            f"answers in; more is at the end of {places.log / 'messages.log'}.",
        )  # fmt: skip
    return Result(
        name, False, f"{trunk} is not registered, because the switch does not run or has not taken "
        "it over yet", f"Start {_RUN}; it takes a new trunk over within seconds.",
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


class _PortFree:
    """Whether the switch could have a port that it has not."""

    def __init__(self, name: str, kind: socket.SocketKind, host: str, port: int, key: str) -> None:
        self._name, self._kind, self._host, self._port, self._key = name, kind, host, port, key

    def __call__(self) -> Result:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        with socket.socket(family, self._kind) as probe:
            if self._kind is socket.SOCK_STREAM:  # one that was just closed is free for a listener
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._host, self._port))
            except OSError as error:
                return Result(
                    self._name, False, self._why(error),
                    f"End the other program (`ss -lntup` names it), or change {self._key}.",
                )  # fmt: skip
        return Result(self._name, True, f"{self._host}:{self._port} is free for the switch")

    def _why(self, error: OSError) -> str:
        if error.errno == errno.EADDRINUSE:
            return f"{self._host}:{self._port} is taken by another program"
        return f"{self._host}:{self._port} cannot be used ({error.strerror})"
