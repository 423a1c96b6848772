"""One switch with many desk phones, the appliance beside it, and sipp as all the people."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from socket import SOCK_STREAM

import psutil
from servers import started, wait

from appliance.domain.agent_state import Said
from appliance.domain.queue import Queue
from appliance.domain.records import Agent
from appliance.domain.roles import Role
from appliance.domain.telephony.phones import Number, Phone, digest_of
from appliance.domain.telephony.policy import PhonePolicy
from appliance.domain.work import Work
from appliance.domain.wrap_up import AfterWork, WrapUp
from appliance.office import Office
from appliance.services.presence import say
from appliance.settings import ApplianceSettings
from appliance.settings.telephony import TelephonySettings
from appliance.store.phones import SqlPhones
from appliance.telephony.install import install
from appliance.telephony.places import Places
from appliance.telephony.running import Switch, running_pid
from common.clock import SystemClock
from tests.support.real_switch import free_port

HERE = Path(__file__).resolve().parent
SCENARIOS = HERE / "phone_calls"
DATA = "site"  # the appliance's folder
NUMBER, OUTSIDE, INSIDE = "100", "127.0.0.2", "127.0.0.1"
_PASSWORD = "secret-of-the-bench"
_FIRST = 1001  # the first extension
# People and telephones are on machines of their own: their packets leave when they are due.
_PUNCTUAL = ("chrt", "--fifo", "20") if os.geteuid() == 0 and shutil.which("chrt") else ()
_WRAP = timedelta(seconds=0.1)
_LOG = re.compile(r"^(calls|rings|up) (\S+) (\d+-\d+-\d+)\s+(\d+:\d+:\d+\.\d+)")


@dataclass
class House:
    """See the module; ``appliance`` is None while the switch's own queue has the calls."""

    folder: Path
    switch: Switch
    places: Places
    appliance: psutil.Process | None = None
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def sipp(self, scenario: str, address: str, port: int, *more: str, voice: str = "") -> Path:
        """Start one; the folder with its log."""
        room = self.folder / f"sipp-{len(self.programs)}"
        room.mkdir()
        text = (SCENARIOS / f"{scenario}.xml").read_text("utf-8")
        (room / "scenario.xml").write_text(text.replace("<!-- voice -->", voice), "utf-8")
        for tone in self.folder.glob("*.alaw"):
            (room / tone.name).symlink_to(tone)
        self.programs.append(subprocess.Popen(
            [*_PUNCTUAL, "sipp", f"127.0.0.1:{self.switch.settings.sip_port}", "-nostdin", "-sf",
             "scenario.xml", "-i", address, "-p", str(port), "-trace_logs", "-log_file",
             str(room / "log"), "-trace_err", "-error_file", str(room / "errors"),
             "-buff_size", "2097152", *more],
            cwd=room, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ))  # fmt: skip
        return room

    def cpu(self) -> dict[str, float]:
        """Processor seconds so far: of the switch, and of the appliance."""
        found = {"switch": psutil.Process(running_pid(self.places) or 0)}
        if self.appliance:
            found["appliance"] = self.appliance
        return {name: sum(one.cpu_times()[:2]) for name, one in found.items()}

    def left(self) -> str:
        """What is still at the switch, in its words; empty: nothing."""
        channels = self.switch.console.ask("core show channels count")
        bridges = self.switch.console.ask("bridge show all").splitlines()[1:]
        return "" if channels.startswith("0 active channels") and not bridges else channels


def extensions(agents: int) -> list[str]:
    """Of all desk phones."""
    return [str(_FIRST + n) for n in range(agents)]


def furnish(folder: Path, agents: int, *, record: bool) -> None:
    """Fill the data folder: agents with desk phones, all ready; one queue, one number."""
    settings = ApplianceSettings(data_dir=str(folder))
    with Office.opened(settings, SystemClock()) as office:
        queue = office.floor.write(lambda work: work.save_queue(Queue(
            0, "bench", wrap_up=WrapUp(AfterWork.TIMED, _WRAP),
            phone=replace(PhonePolicy(), announce=0.0, record=record),
        )))  # fmt: skip
        phones = SqlPhones(office.database)
        phones.keep_number(Number(NUMBER, queue.id))
        for extension in extensions(agents):
            user = office.users.add(extension, extension, Role.AGENT, "-", only_first=False)
            assert user is not None
            phones.keep_phone(Phone(extension, user.id, digest_of(extension, _PASSWORD)))

            def begin(work: Work, number: int = user.id) -> None:
                work.save_agent(Agent(number, f"Agent {number}", queues=frozenset({queue.id})))
                say(work, number, Said.SIGN_IN)
                say(work, number, Said.READY)

            office.floor.write(begin)


@contextlib.contextmanager
def house(folder: Path, agents: int, talk: float, voice: str = "") -> Iterator[tuple[House, Path]]:
    """A switch whose phones are signed in and answer; the folder with the phones' log.

    ``talk``: seconds until the agent ends a call; ``voice``: what the agents' phones say.
    """
    cache = Path(os.environ.get("CALLSTEAD_TEST_SWITCH", "build/switch")).resolve() / "telephony"
    clock = SystemClock()
    install(Places(cache), TelephonySettings(), clock, print)
    places = Places(folder / DATA / "telephony")
    places.make()
    places.tree.symlink_to(Places(cache).tree)
    settings = TelephonySettings(
        host=INSIDE, sip_port=free_port(), ari_port=free_port(SOCK_STREAM), trunks=(OUTSIDE,),
        rtp_first=20000, rtp_last=23999,
    )  # fmt: skip
    switch = Switch(places, settings, clock)
    names = extensions(agents)
    switch.start([Phone(one, 1, digest_of(one, _PASSWORD)) for one in names])
    made = House(folder, switch, places)
    try:
        port = free_port()
        people = folder / "phones.csv"
        people.write_text(
            "SEQUENTIAL\n"
            + "".join(
                f"{one};[authentication username={one} password={_PASSWORD}]\n" for one in names
            )
        )
        # The switch takes the address that they sign in from, and asks each at once whether it is
        # there: what answers must be at the same port before that question is given up (3 s).
        made.sipp("registers", INSIDE, port, "-inf", str(people), "-m", str(agents), "-r", "200")
        if made.programs[-1].wait(60):
            raise SystemExit("The phones could not sign in.")
        log = made.sipp("phones", INSIDE, port, "-d", str(int(talk * 1000)), voice=voice)
        _until_there(made, agents)
        yield made, log
    finally:
        for program in made.programs:
            program.kill()
            program.wait(20)
        pid = running_pid(places)
        if pid is not None:  # it would tell telephones of its end that are gone already
            psutil.Process(pid).kill()
        switch.stop()


def _until_there(made: House, agents: int) -> None:
    until = time.monotonic() + 45  # those that were given up are asked again after 30 s
    while made.switch.console.ask("pjsip show contacts").count("Avail ") < agents:
        if time.monotonic() > until:
            raise SystemExit("Not all phones are reached by the switch.")
        time.sleep(0.3)


@contextlib.contextmanager
def appliance(made: House) -> Iterator[None]:
    """`callstead appliance run` beside the switch, until it holds the switch's calls."""
    port = free_port(SOCK_STREAM)
    environment = {
        **os.environ,
        "CALLSTEAD_APPLIANCE_DATA_DIR": str(made.folder / DATA),
        "CALLSTEAD_APPLIANCE_HOST": "127.0.0.1",
        "CALLSTEAD_APPLIANCE_PORT": str(port),
        "CALLSTEAD_APPLIANCE_TELEPHONY_ARI_PORT": str(made.switch.settings.ari_port),
        "SENTRY_DSN": "",
    }
    environment.pop("CALLSTEAD_SETTINGS", None)
    command = [sys.executable, "-m", "common", "appliance", "run"]
    with started([command], environment, made.folder, None) as processes:
        wait(f"http://127.0.0.1:{port}/healthz")
        until = time.monotonic() + 30
        while "callstead" not in made.switch.console.ask("ari show apps"):
            if time.monotonic() > until:
                raise SystemExit("The appliance does not reach the switch.")
            time.sleep(0.2)
        made.appliance = psutil.Process(processes[0].pid)
        try:
            yield
        finally:
            made.appliance = None


def until_done(made: House, seconds: float) -> None:
    """Until the last program, the callers, ended; those that are late are ended with all calls."""
    callers = made.programs[-1]
    try:
        callers.wait(seconds)
    except subprocess.TimeoutExpired:
        callers.kill()
        made.switch.console.ask("channel request hangup all")
        time.sleep(3)


def queue_answers_late(made: House) -> None:
    """The switch's own queue takes calls without picking up first.

    `Answer()` waits half a second for the first sound of a caller, and ours make none.
    """
    plan = made.places.config / "extensions.conf"
    plan.write_text(plan.read_text("utf-8").replace("(alone),Answer()", "(alone),NoOp()"), "utf-8")
    made.switch.console.ask("dialplan reload")


def times(room: Path) -> dict[str, dict[str, float]]:
    """What a sipp has logged: for each word the moment (seconds) at which each number had it."""
    found: dict[str, dict[str, float]] = {"calls": {}, "rings": {}, "up": {}}
    log = room / "log"
    for line in log.read_text("utf-8").splitlines() if log.exists() else []:
        match = _LOG.match(line)
        if match:
            word, number, day, hour = match.groups()
            moment = datetime.fromisoformat(f"{day} {hour}").timestamp()
            found[word].setdefault(number, moment)
    return found
