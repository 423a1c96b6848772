"""A call centre in the middle of its day: agents signed in, each with many chats under way.

Made by the appliance's own use cases, before it is started; kept and copied for each run.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from argon2 import PasswordHasher

from appliance.api.v1.chat import ConversationKeys
from appliance.app import create_app
from appliance.domain.agent_state import Said
from appliance.domain.contact import Identity
from appliance.domain.conversation import Event
from appliance.domain.queue import Queue
from appliance.domain.records import Agent
from appliance.domain.roles import Role
from appliance.domain.running import Reporting
from appliance.domain.work import Work
from appliance.office import Office
from appliance.services.arrive import Arrival, arrive
from appliance.services.moves import by_agent, move
from appliance.services.presence import say
from appliance.settings import ApplianceSettings
from appliance.store.counting import count_events
from common.clock import SystemClock
from common.web.passwords import Passwords
from common.web.secret import signing_keys

_PASSWORD = "a sentence only I think of"
_ORIGIN = "https://bench.test"
_AT_ONCE = 200  # conversations in one transaction


def make(folder: Path, visitors: int, agents: int) -> None:
    """Fill ``folder``, and write ``room.json`` in it: who may say what where."""
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    settings = ApplianceSettings(data_dir=str(folder))
    with Office.opened(settings, SystemClock()) as office:
        office.first_administrator(cheap)
        queue = office.floor.write(lambda work: work.save_queue(Queue(0, "bench")))
        people = []
        for n in range(agents):
            name = f"agent{n}"
            office.users.add(name, name.title(), Role.AGENT, cheap.hash(_PASSWORD),
                             only_first=False)  # fmt: skip
            office.users.set_password(name, cheap.hash(_PASSWORD), must_change=False)
            user = office.users.by_name(name)
            assert user is not None
            people.append(user.id)
        per_agent = -(-visitors // agents)
        for number in people:

            def begin(work: Work, number: int = number) -> None:
                work.save_agent(Agent(number, f"Agent {number}", capacity=25 * per_agent,
                                      queues=frozenset({queue.id})))  # fmt: skip
                say(work, number, Said.SIGN_IN)
                say(work, number, Said.READY)

            office.floor.write(begin)
        found: list[tuple[int, int]] = []
        for start in range(0, visitors, _AT_ONCE):
            which = range(start, min(visitors, start + _AT_ONCE))
            found += office.floor.write(lambda work, which=which: _chats(work, queue.id, people,
                                                                         which))  # fmt: skip
        count_events(office.floor)
        keys = ConversationKeys(signing_keys(office.folder))
        appliance = create_app(
            lambda: settings, office, reporting=lambda: Reporting(on=False, waiting=0),
            local_token="", passwords=cheap,
        )  # fmt: skip
        room = {
            "agents": [
                {"id": number, "cookie": _sign_in(appliance.flask, f"agent{n}")}
                for n, number in enumerate(people)
            ],
            "visitors": [
                {"conversation": conversation, "key": keys.of(conversation), "agent": agent}
                for conversation, agent in found
            ],
        }
    (folder / "room.json").write_text(json.dumps(room))


def _chats(work: Work, queue: int, people: list[int], which: range) -> list[tuple[int, int]]:
    made = []
    for n in which:
        agent = people[n % len(people)]
        cookie = Identity("cookie", f"a-browser-of-visitor-{n}", sure=False)
        arrival = Arrival(channel="chat", queue=queue, weight=25, name=f"Visitor {n}",
                          identities=[cookie])  # fmt: skip
        waits = arrive(work, arrival).conversation
        taken = move(work, waits, Event.TAKE, by_agent(agent), agent=agent, last_agent=agent,
                     answered_at=work.now)  # fmt: skip
        made.append((taken.id, agent))
    return made


def _sign_in(flask: object, name: str) -> str:
    client = flask.test_client()  # type: ignore[attr-defined]
    page = client.get("/sign-in", base_url=_ORIGIN)
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf
    answer = client.post("/sign-in", base_url=_ORIGIN,
                         data={"name": name, "password": _PASSWORD, "csrf": csrf[1]})  # fmt: skip
    assert answer.status_code in {302, 303}, answer.text
    cookie = client.get_cookie("__Host-callstead-appliance", domain="bench.test")
    assert cookie is not None
    return f"__Host-callstead-appliance={cookie.value}"
