"""A small call centre with telephones: the core on SQLite, the switch in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import func, select

from appliance.domain.agent_state import Said
from appliance.domain.conversation import ENDED, State
from appliance.domain.queue import Queue
from appliance.domain.records import Agent, Conversation
from appliance.domain.roles import Role
from appliance.domain.telephony.dialling import Dialling
from appliance.domain.telephony.flow import Prompt
from appliance.domain.telephony.phones import Number, Phone
from appliance.domain.telephony.provider import TelephonyProvider
from appliance.services.keep_moving import change, keep_moving
from appliance.services.presence import say, seen
from appliance.services.telephony.calls import Calls
from appliance.services.telephony.front_desk import FrontDesk
from appliance.services.telephony.sayer import Speaks
from appliance.services.telephony.silence import Silence
from appliance.services.telephony.tape import Shelf
from appliance.services.waiting_places import all_places
from appliance.store.audit import SqlAudit
from appliance.store.database import Database
from appliance.store.floor import SqlFloor
from appliance.store.floor_models import ConversationRow, EventRow
from appliance.store.flows import SqlFlows
from appliance.store.leases import SqlLeases
from appliance.store.phones import SqlPhones
from appliance.store.recordings import SqlRecordings
from appliance.store.users import SqlUsers
from common.errors import NetworkError
from common.vault import Vault
from common.web.texts import Texts
from tests.support.clock import FakeClock
from tests.support.fake_telephony import FakeSwitch
from tests.support.migrated import migrated_database
from tests.support.waiting import until

NUMBER = "100"
PATIENCE = 60.0  # seconds; a busy machine is slow


class Aloud:
    """Speaks by name: what is played is the text, or the recording's number."""

    def media(self, prompt: Prompt) -> str:
        """See `appliance.services.telephony.walk.Speaks`."""
        return prompt.text or str(prompt.recording)


class Exchange:
    """The floor with agents at the phones 101, 102, …, and the queue of the number 100."""

    def __init__(
        self,
        database: Database,
        agents: int,
        reach: Callable[[], TelephonyProvider] | None,
        folder: Path,
        speech: Speaks | None = None,
        spool: Callable[[str], Path] | None = None,
    ) -> None:
        self.clock, self.switch = FakeClock(), FakeSwitch()
        self._reach = reach or (lambda: self.switch)
        self.floor = SqlFloor(database, self.clock, Vault.of(folder))
        self._database = database
        self.phones = SqlPhones(database)
        users = SqlUsers(database, self.clock)
        queue = self.floor.write(lambda work: work.save_queue(Queue(0, "sales")))
        self.queue = queue.id
        self.phones.keep_number(Number(NUMBER, queue.id))
        self.agents: list[int] = []
        for number in range(agents):
            user = users.add(f"a{number}", f"A{number}", Role.AGENT, "-", only_first=False)
            assert user is not None
            agent = Agent(user.id, user.display_name, queues=frozenset({queue.id}))
            self.floor.write(lambda work, agent=agent: work.save_agent(agent))
            self.phones.keep_phone(Phone(str(101 + number), user.id, "-" * 32))
            self.switch.phones.add(str(101 + number))
            self.agents.append(user.id)
        self.flows = SqlFlows(database, self.clock)
        self.recordings = SqlRecordings(
            database, Vault.of(folder), folder / "recordings", self.clock
        )
        self.audit = SqlAudit(database, self.clock)
        self.spool = spool or (lambda name: folder / f"{name}.wav")
        self.shelf = Shelf(self.recordings, self.audit, self.spool)
        self.desk = FrontDesk(
            self.flows, speech or Aloud(), lambda one: self.floor.read(all_places).get(one),
            Texts("appliance"), self.clock, self.shelf,
            Dialling(possible=True, allowed=("*",), denied=("+1",), caller="100"),
        )  # fmt: skip
        self._start()

    def crash(self) -> None:
        """`kill -9` of the appliance and its start: what is in memory is gone."""
        self.calls.stop()
        self._start()

    def _start(self) -> None:
        self.provider = self._reach()
        leases = SqlLeases(self._database)
        self.calls = Calls(
            self.floor, self.provider, self.phones, self.desk,
            Silence(self.floor, lambda seconds: leases.keep_silence(self.clock.now(), seconds), 10),
            program=lambda: self.switch.program, threads=2,
        )  # fmt: skip
        self.calls.start()

    def do(self, use_case, *arguments, **named):
        """An agent, or time, does something in the core; the calls hear of it."""
        result = change(self.floor, lambda work: use_case(work, *arguments, **named))
        self.calls.look()
        return result

    def ready(self, agent: int) -> None:
        """Signs in and says that they are ready."""
        self.do(say, agent, Said.SIGN_IN)
        self.do(say, agent, Said.READY)

    def later(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(seconds)
        keep_moving(self.floor, updating=False)
        self.calls.look()

    def conversation(self) -> Conversation:
        """The newest."""
        with self._database.read() as session:
            newest = session.scalar(select(func.max(ConversationRow.id)))
        assert newest is not None
        return self.floor.read(lambda work: work.conversation(newest))

    def events(self, kind: str) -> list[dict[str, object]]:
        """What was told of this kind, oldest first."""
        with self._database.read() as session:
            query = select(EventRow.data).where(EventRow.kind == kind).order_by(EventRow.id)
            return list(session.scalars(query))

    def state(self) -> State | None:
        """Of the newest; None: none has come."""
        with self._database.read() as session:
            found = session.scalar(
                select(ConversationRow.state).order_by(ConversationRow.id.desc()).limit(1)
            )
        return State(found) if found else None

    def seen(self, agent: int) -> str:
        """An agent's state."""
        return self.floor.read(lambda work: seen(work, agent))

    def until_state(self, state: State) -> None:
        """Wait for the newest conversation to be there."""
        until(lambda: self.state() is state, PATIENCE, f"the state {state}", self.state, every=0.01)

    def until_rings(self, extension: str) -> str:
        """Wait for a phone to ring; the leg."""
        what = f"{extension} to ring"
        return (
            until(lambda: self.switch.ringing(extension), PATIENCE, what, self.state, every=0.01)
            or ""
        )

    def until_clear(self) -> None:
        """Wait until nothing is left at the switch, and no call is said to go on."""
        until(self._clear, PATIENCE, "nothing to be left", self._left, every=0.01)

    def until_together(self, *channels: str) -> None:
        """Wait until they hear each other."""
        until(lambda: self.switch.together(*channels), PATIENCE, "a talk", self.state, every=0.01)

    def until_room(self, number: int) -> None:
        """Wait until so many hear each other, whichever the switch is."""

        def there() -> bool:
            with suppress(NetworkError):  # not connected yet, after a crash
                return [len(room.channels) for room in self.provider.bridges()] == [number]
            return False

        until(there, PATIENCE, f"{number} in the room", self.state, every=0.02)

    def until_music(self, channel: str) -> None:
        """Wait until the caller hears music."""
        until(lambda: self.switch.hears_music(channel), PATIENCE, "music", self.state, every=0.01)

    def talking(self) -> tuple[str, str, int]:
        """A caller and the first agent speak: their legs, and the conversation."""
        caller = self.switch.arrives(NUMBER, "+8613800000000")
        self.ready(self.agents[0])
        leg = self.until_rings("101")
        self.switch.phone_answers(leg)
        self.until_together(caller, leg)
        return caller, leg, self.conversation().id

    def taken(self, channel: str) -> bool:
        """Whether a caller became a conversation."""
        return self.floor.read(lambda work: work.calls.by_channel(channel)) is not None

    def _left(self) -> object:
        going = self.floor.read(lambda work: list(work.calls.going_on()))
        return going, self.provider.channels(), self.provider.bridges(), self.state()

    def _clear(self) -> bool:
        going, channels, bridges, state = self._left()  # type: ignore[misc]
        return not (going or channels or bridges) and (state in ENDED or state is State.WRAP_UP)


@contextmanager
def exchange(
    folder: Path,
    agents: int = 2,
    reach: Callable[[], TelephonyProvider] | None = None,
    speech: Speaks | None = None,
    spool: Callable[[str], Path] | None = None,
) -> Iterator[Exchange]:
    """Opened, and closed; ``reach`` connects to another switch than the one in memory."""
    database = migrated_database(folder)
    found = Exchange(database, agents, reach, folder, speech, spool)
    try:
        yield found
    finally:
        found.calls.stop()
        found.floor.close()
        database.close()
