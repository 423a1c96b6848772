"""The appliance and the switch as processes of their own, people by sipp: the ground of drills.

Agents press their buttons in the database that the appliance works on, as another process of the
same site would; so the appliance can be killed at any moment and they go on.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import func, select

from appliance.domain.agent_state import Presence, Said
from appliance.domain.conversation import ENDED, State
from appliance.domain.queue import Queue
from appliance.domain.records import Agent, Conversation
from appliance.domain.roles import Role
from appliance.domain.telephony.phones import Number, Phone, digest_of
from appliance.office import Office
from appliance.services import talk
from appliance.services.keep_moving import change
from appliance.services.presence import say, seen
from appliance.settings import ApplianceSettings
from appliance.store.database import Database, database_url
from appliance.store.floor import SqlFloor
from appliance.store.floor_models import ConversationRow
from appliance.store.flows import SqlFlows
from appliance.store.phones import SqlPhones
from appliance.telephony.configure import ari_password
from appliance.telephony.running import running_pid
from common.clock import SystemClock
from common.vault import Vault
from tests.support.call_states import QUEUE, furnish
from tests.support.real_switch import PASSWORD, RealSwitch
from tests.support.waiting import until
from tests.web.appliance.test_serve import COMMAND, Process

EXTENSIONS = ("101", "102", "103")
_PATIENCE = 60.0
_SECONDS_OF_SOUND = 20_000  # bytes


class Ground:
    """See `tests.support.call_states.Hands`; three agents in one queue; not started."""

    def __init__(self, home: Path, lost_seconds: int) -> None:
        self._lost_seconds = lost_seconds
        self.data = home / "appliance"
        (self.data / "telephony").mkdir(parents=True)
        self.stays = 600.0
        self.clean = False  # started, and nobody is in a call
        self._before = self._adopted = 0
        clock = SystemClock()
        with Office.opened(ApplianceSettings(data_dir=str(self.data)), clock) as office:
            self.agents = []
            queue = office.floor.write(lambda work: work.save_queue(Queue(0, "sales")))
            phones = SqlPhones(office.database)
            phones.keep_number(Number(QUEUE, queue.id))
            for extension in EXTENSIONS:
                name = f"a{extension}"
                office.users.add(name, name, Role.AGENT, "-", only_first=False)
                user = next(one.id for one in office.users.all() if one.name == name)
                agent = Agent(user, name, queues=frozenset({queue.id}))
                office.floor.write(lambda work, agent=agent: work.save_agent(agent))
                phones.keep_phone(Phone(extension, user, digest_of(extension, PASSWORD)))
                self.agents.append(user)
            flows = SqlFlows(office.database, clock)
            furnish(office.floor, flows, phones, queue.id)
        self.real = RealSwitch(self.data / "telephony", list(EXTENSIONS))
        (home / "settings.toml").write_text(self._settings(), "utf-8")
        self.process = Process(home, CALLSTEAD_SETTINGS=str(home / "settings.toml"))
        self._keeper_log = (home / "keeper").open("ab")
        self.keeper = subprocess.Popen(
            [*COMMAND, "telephony", "run"], env=self.process.environment,
            stdout=self._keeper_log, stderr=self._keeper_log,
        )  # fmt: skip
        self._database = Database(database_url("", self.data))
        self.floor = SqlFloor(self._database, clock, Vault.of(self.data))

    def _settings(self) -> str:
        ports = self.real.settings
        return (
            "[appliance.nodes]\nlease_seconds = 5\n[appliance.telephony]\n"
            f'host = "127.0.0.1"\nsip_port = {ports.sip_port}\nari_port = {ports.ari_port}\n'
            f'trunks = ["{ports.trunks[0]}"]\noutbound = "{ports.outbound}"\n'
            f"rtp_first = {ports.rtp_first}\nrtp_last = {ports.rtp_last}\n"
            f'allowed_prefixes = ["*"]\nlost_seconds = {self._lost_seconds}\n'
        )

    # The processes.

    def start(self) -> None:
        """The appliance, until it has found the calls, and follows them."""
        self.process.start()
        self.process.wait_until_ready()
        count = lambda: self.process.log.read_text("utf-8").count("calls.adopted")  # noqa: E731
        self.until(lambda: count() > self._adopted, "the calls to be adopted")

    def kill(self) -> None:
        """`kill -9` of it."""
        self._adopted = self.process.log.read_text("utf-8").count("calls.adopted")
        self.process.end(signal.SIGKILL)

    def kill_switch(self) -> None:
        """`kill -9` of the switch; who looks after it starts another one."""
        pid = running_pid(self.real.places)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self.until(lambda: running_pid(self.real.places) not in {None, pid}, "another switch")
        self.until(lambda: self._ari("channels") is not None, "its answer")

    # The hands.

    def calls(self, number: str, keys: Sequence[str] = ()) -> None:
        self.clean = False
        # Who calls while nobody follows the switch has its own queue's place, and stays there.
        self.until(lambda: "callstead" in self.real.switch.console.ask("ari show apps"), "us")
        self._before = self._newest()
        self.real.caller(number, self.stays, [(2.5, key) for key in keys])
        self.until(lambda: self._newest() > self._before, "the call to be taken")

    def hang_up(self) -> None:
        """The caller, or whoever was called; nobody, if nobody is there."""
        call = self.floor.read(lambda work: work.calls.of(self.conversation().id))
        for channel in () if call is None else (call.asked_by, call.channel):
            self._ari(f"channels/{channel or '-'}", "DELETE")

    def picks_up(self, *agents: int, does: bool = True) -> None:
        for agent in agents:
            self.real.phone(EXTENSIONS[agent], "answers", after=0.2 if does else 3600)

    def party(self, *, picks_up: bool) -> None:
        self.real.party("answers", after=0.2 if picks_up else 3600)

    def ready(self, agent: int) -> None:
        self.do(say, self.agents[agent], Said.SIGN_IN)
        self.do(say, self.agents[agent], Said.READY)

    def do(self, use_case: Callable[..., object], *arguments: object) -> object:
        return change(self.floor, lambda work: use_case(work, *arguments))

    def conversation(self) -> Conversation:
        return self.floor.read(lambda work: work.conversation(self._newest()))

    def until(self, probe: Callable[[], object], what: str) -> None:
        until(probe, _PATIENCE, what, self.told, every=0.05)

    def hears_out(self) -> None:
        pass

    def room(self) -> int:
        there = self._ari(f"bridges/call-{self.conversation().id}") or {"channels": []}
        return len(self.legs() & set(there["channels"]))

    def channels(self) -> int:
        return len(self.legs())

    def legs(self) -> set[str]:
        """The telephones of all calls."""
        there = self._ari("channels") or []
        return {one["id"] for one in there if one["name"].startswith("PJSIP/")}

    def hears(self) -> bool:
        call = self.floor.read(lambda work: work.calls.of(self.conversation().id))
        channel = "" if call is None else call.asked_by or call.channel
        return any(self._live(f"playbacks/play-{channel}-{n}") == "playing" for n in range(3))

    def recording(self) -> bool:
        number = self.conversation().id
        for name in (f"talk-{number}-1", f"message-{number}"):
            file = self.real.places.recorded(name)  # the switch keeps the last seconds in memory
            if self._live(f"recordings/live/{name}") == "recording":
                return file.exists() and file.stat().st_size > _SECONDS_OF_SOUND
        return False

    # What is left.

    def leaves_nothing(self, after: State) -> None:
        """It ends so; what is left for agents is done, and then nothing is left anywhere."""
        self.until(lambda: self.conversation().state is after, f"the state {after}")
        read = self.floor.read
        if after is State.OFFERED:  # a callback rings again; the agent leaves
            self.do(say, self.agents[0], Said.SIGN_OUT)
            after = State.QUEUED
        self.until(lambda: self._ari("channels") == [], "no channel")
        for agent in self.agents:
            for one in read(lambda work, agent=agent: list(work.held_by(agent))):
                assert one.state is State.WRAP_UP, one
                self.do(talk.close, one.id, agent)
        if after is State.QUEUED:
            self.do(talk.leave, self.conversation().id)
        assert self.conversation().state in ENDED
        self.until(lambda: not read(lambda work: list(work.calls.going_on())), "its end")
        self.until(lambda: self._ari("bridges") == [], "no room")
        self.until(lambda: not read(lambda work: list(work.guests.legs())), "no colleague")
        self.until(lambda: not read(lambda work: list(work.supervisions.all())), "no supervisor")
        spool = self.real.places.recorded("x").parent
        self.until(lambda: not list(spool.glob("*.wav")), "recordings to be put away")
        assert not list(self.data.rglob("*.tmp")), list(self.data.rglob("*.tmp"))
        for agent in self.agents:
            assert read(lambda work, agent=agent: seen(work, agent)) not in {"busy", "offered"}
            presence = read(lambda work, agent=agent: work.agent(agent)).presence
            if presence is not Presence.OFFLINE:
                self.do(say, agent, Said.SIGN_OUT)
        self.real.hush()
        self.clean = True

    def told(self) -> str:
        """What helps to understand a failed drill."""
        console = self.real.switch.console.ask("core show channels concise")
        log = self.process.log.read_text("utf-8").splitlines()[-25:]
        log += Path(self._keeper_log.name).read_text("utf-8").splitlines()[-10:]
        about = str(self.conversation()) if self._newest() else "no conversation"
        return "\n".join([about, console, *log])

    def close(self) -> None:
        self.process.close()
        self.keeper.kill()
        self.keeper.wait(30)
        self._keeper_log.close()
        self.real.close()
        self.floor.close()
        self._database.close()

    def _newest(self) -> int:
        with self._database.read() as session:
            return session.scalar(select(func.max(ConversationRow.id))) or 0

    def _ari(self, path: str, method: str = "GET") -> Any:
        """What the switch says of itself; None: nothing, or it is not there."""
        port, password = self.real.settings.ari_port, ari_password(self.real.places)
        url = f"http://127.0.0.1:{port}/ari/{path}"
        with contextlib.suppress(requests.ConnectionError, requests.Timeout):
            answer = requests.request(method, url, auth=("callstead", password), timeout=5)
            return answer.json() if answer.ok and answer.content else None
        return None

    def _live(self, path: str) -> str:
        return (self._ari(path) or {}).get("state", "")


@contextlib.contextmanager
def started(folder: Path, lost_seconds: int = 120) -> Iterator[Ground]:
    """One in ``folder``, with its appliance running."""
    home = folder / "home"
    home.mkdir()
    ground = Ground(home, lost_seconds)
    try:
        ground.start()
        ground.clean = True
        yield ground
    finally:
        ground.close()
