"""A call centre that looks like one in use: people, queues, four weeks of history, work going on.

`python -m tests.support.showroom FOLDER PORT` serves it, for whoever wants to look at the desk.
"""

from __future__ import annotations

import contextlib
import random
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from argon2 import PasswordHasher

from appliance.app import Appliance, create_app
from appliance.domain.agent_state import Said
from appliance.domain.blocklist import Kind
from appliance.domain.contact import Identity
from appliance.domain.custom_fields import CustomField, FieldKind, Subject
from appliance.domain.demand import Need, Rule, Step
from appliance.domain.labels import Colour, Label, LabelKind
from appliance.domain.queue import Queue
from appliance.domain.records import Agent
from appliance.domain.roles import Role
from appliance.domain.running import Reporting
from appliance.domain.service_level import Target
from appliance.domain.telephony.phones import Number
from appliance.domain.telephony.policy import PhonePolicy
from appliance.domain.work import Work
from appliance.domain.wrap_up import AfterWork, WrapUp
from appliance.office import Office
from appliance.process_roles import FEED
from appliance.services.answer_offer import accept_offer
from appliance.services.arrive import Arrival, arrive
from appliance.services.catalogue import save_field, save_label
from appliance.services.first_queue import first_queue
from appliance.services.offer_waiting import offer_waiting
from appliance.services.presence import say
from appliance.services.say_message import Saying, say_message
from appliance.services.set_queue import told
from appliance.settings import ApplianceSettings
from appliance.settings.telephony import TelephonySettings
from appliance.store.counting import count_events
from appliance.store.floor_models import EventRow
from appliance.store.flows import SqlFlows
from appliance.store.live import SqlLive
from appliance.store.phones import SqlPhones
from common.clock import SystemClock
from common.feed import FeedApp, Wakeups
from common.serving.certificates import ensure_self_signed
from common.web.passwords import Passwords
from tests.support.serving import served
from tests.support.showroom_details import connections, ended, files, replies, telephones
from tests.support.told_site import telling

# Where it is three in the afternoon, so that today has something to show.
ZONE = timezone(timedelta(hours=(15 - datetime.now(UTC).hour + 11) % 24 - 11))
ZONE_NAME = f"Etc/GMT{-int(ZONE.utcoffset(None).total_seconds()) // 3600:+d}"
PASSWORD = "a sentence only we think of"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PEOPLE = (
    ("admin2", "赵敏 Zhao Min", Role.ADMINISTRATOR),
    ("sue", "Sue Bennett", Role.SUPERVISOR),
    ("anna", "Anna Müller", Role.AGENT),
    ("bo", "Bo Lindqvist", Role.AGENT),
    ("chen", "陈思远", Role.AGENT),
    ("dana", "Dana Okafor", Role.AGENT),
    ("lihua", "李华", Role.AGENT),
    ("maria", "Maria Fernanda de la Cruz Montenegro", Role.AGENT),
    ("rosa", "Rosa Lindemann", Role.AGENT),  # these two are at the telephones
    ("wei", "王伟", Role.AGENT),
)
AT_PHONES = ("rosa", "wei")
SAYINGS = (
    (
        "My order 4711 has not arrived yet. Can you tell me where it is?",
        "Good morning! One moment.",
    ),
    ("您好，我想修改收货地址。", "您好！请告诉我订单号。"),
    ("The invoice shows the wrong VAT number.", "I will look into it right away."),
    ("How do I reset the device?", "Hold the button for ten seconds."),
)


@dataclass
class Showroom:
    """What was furnished."""

    appliance: Appliance
    office: Office
    queues: dict[str, int]
    agents: dict[str, int]
    conversations: list[int]
    first_password: str = ""

    def spoken_by(self, name: str, state: str = "active") -> int:
        """A conversation that this agent speaks in, or one in another ``state`` of theirs."""
        holder = self.agents[name]
        loads = self.office.floor.read(lambda work: work.loads())
        return next(
            one.id for has in loads.values() for one in has
            if one.agent == holder and one.state == state
        )  # fmt: skip


@contextlib.contextmanager
def opened(folder: Path, wakeups: Wakeups, days: int = 28, empty: bool = False, **more: str
           ) -> Iterator[Showroom]:  # fmt: skip
    """The appliance in ``folder``, furnished with ``days`` of the past, not yet served.

    ``empty``: as it is at its first start. ``more``: further settings.
    """
    way_out = TelephonySettings(outbound="trunk.example", allowed_prefixes=("*",))
    settings = ApplianceSettings(data_dir=str(folder), host="127.0.0.1", telephony=way_out, **more)
    clock = SystemClock()
    with Office.opened(settings, clock, wakeups.notify) as office:
        appliance = create_app(
            lambda: settings, office, reporting=lambda: Reporting(on=True, waiting=0),
            local_token="", clock=clock, passwords=CHEAP,
        )  # fmt: skip
        if empty:
            first = office.first_administrator(CHEAP)
            office.floor.write(first_queue)
            yield Showroom(appliance, office, {}, {}, [], first.password if first else "")
        else:
            yield _furnish(appliance, office, days)


@contextlib.contextmanager
def open_to_visitors(folder: Path, port: int = 0, days: int = 28, empty: bool = False
                     ) -> Iterator[tuple[Showroom, str]]:  # fmt: skip
    """Served over TLS; with its address."""
    wakeups = Wakeups()
    with contextlib.ExitStack() as stack:
        told = {} if empty else stack.enter_context(telling(folder / "communications"))
        room = stack.enter_context(opened(folder, wakeups, days, empty, **told))
        feed = FeedApp(
            FEED, SqlLive(room.office.database), room.appliance.may_read, wakeups=wakeups,
            commands=room.appliance.frames,
        )  # fmt: skip
        tls = ensure_self_signed(folder / "tls", ("localhost",))
        with served(flask=room.appliance.flask, feed=feed, port=port, tls=tls) as server:
            yield room, f"https://127.0.0.1:{server.port}"


def _furnish(appliance: Appliance, office: Office, days: int) -> Showroom:
    for name, display, role in PEOPLE:
        office.users.add(name, display, role, CHEAP.hash(PASSWORD), only_first=False)
        office.users.set_password(name, CHEAP.hash(PASSWORD), must_change=False)
    ids = {user.name: user.id for user in office.users.all()}
    queues = office.floor.write(_queues)
    office.floor.write(lambda work: _agents(work, ids, queues))
    office.floor.write(lambda work: _catalogue(work, queues))
    until = datetime.now(UTC) + timedelta(days=3)
    blocklist = office.people.blocklist
    blocklist.add(
        Kind.NETWORK, "203.0.113.0/24", "Floods the chat with advertisements", until, "sue"
    )
    blocklist.add(Kind.IDENTITY, "number:+4930123456", "Threatens colleagues", None, "admin2")
    _calls(office, queues)
    office.floor.write(lambda work: replies(work, queues["Reception"]))
    connections(office)
    room = Showroom(appliance, office, queues, ids, [])
    if days:
        _history(room, days)
    _work(room)
    files(office, room.spoken_by("lihua"), ids["lihua"])
    ended(office, room.spoken_by("bo"), ids["bo"])
    telephones(office, queues["Hotline 热线"], [ids[name] for name in reversed(AT_PHONES)])
    count_events(office.floor)
    return room


def _queues(work: Work) -> dict[str, int]:
    vip = Rule(
        "VIP", frozenset({"vip"}), (Step(0, Need(skills={"product": 4})), Step(60, Need())), 10
    )
    wanted = (
        Queue(0, "Reception", target=Target(0.8, 20, 5)),
        Queue(0, "Orders 订单", rules=(vip,), target=Target(0.9, 30, 5),
              wrap_up=WrapUp(AfterWork.TIMED, timedelta(seconds=60))),
        Queue(0, "Technical support", target=Target(0.7, 60, 10)),
        Queue(0, "Complaints 投诉"),
        Queue(0, "Hotline 热线", phone=PhonePolicy(record=True)),
    )  # fmt: skip
    found = {}
    for queue in wanted:
        kept = work.save_queue(queue)
        work.tell("queue.set", who="system", queue=kept.id, data=told(kept))
        found[kept.name] = kept.id
    return found


def _catalogue(work: Work, queues: dict[str, int]) -> None:
    """What agents fill in and choose from."""
    orders = frozenset({queues["Orders 订单"]})
    for label in (
        Label(
            0, LabelKind.DISPOSITION, "solved", {"en": "Solved", "zh-CN": "已解决"}, Colour.GREEN
        ),
        Label(
            0,
            LabelKind.DISPOSITION,
            "call back",
            {"en": "Call back", "zh-CN": "需回访"},
            Colour.AMBER,
        ),
        Label(0, LabelKind.DISPOSITION, "refund", {"en": "Refund", "zh-CN": "退款"}, queues=orders),
        Label(0, LabelKind.DISPOSITION, "spam", {"en": "Spam"}, retired=True),
        Label(0, LabelKind.TAG, "vip", {"en": "VIP", "zh-CN": "贵宾"}, Colour.BLUE),
        Label(0, LabelKind.TAG, "complaint", {"en": "Complaint", "zh-CN": "投诉"}, Colour.RED),
    ):
        save_label(work, label, "system")
    kinds = FieldKind
    for field in (
        CustomField(0, Subject.CONVERSATION, "order", {"en": "Order number", "zh-CN": "订单号"}),
        CustomField(
            0,
            Subject.CONVERSATION,
            "cause",
            {"en": "Cause", "zh-CN": "原因"},
            kinds.CHOICE,
            ("Delivery", "Product", "Invoice"),
        ),
        CustomField(
            0,
            Subject.CONTACT,
            "customer",
            {"en": "Customer number", "zh-CN": "客户编号"},
            kinds.NUMBER,
        ),
        CustomField(
            0,
            Subject.CONTACT,
            "newsletter",
            {"en": "Newsletter", "zh-CN": "订阅简报"},
            kinds.YES_NO,
        ),
        CustomField(
            0,
            Subject.CONTACT,
            "identity_card",
            {"en": "Identity card", "zh-CN": "身份证号码"},
            confidential=True,
        ),
    ):
        save_field(work, field, "system")


def _calls(office: Office, queues: dict[str, int]) -> None:
    """A flow, published, and the number that leads through it."""
    flows = SqlFlows(office.database, SystemClock())
    here, orders = queues["Reception"], queues["Orders 订单"]

    def says(text: str, language: str = "zh-CN") -> dict[str, object]:
        return {"say": [{"text": text, "language": language}]}

    steps = {
        "欢迎 hello": {"kind": "play", **says("您好，欢迎致电。"), "ways": {"next": "open?"}},
        "open?": {"kind": "hours", "queue": here, "ways": {"open": "menu", "closed": "message"}},
        "menu": {
            "kind": "menu", **says("订单请按一，其他请按零。"),
            "keys": {"1": "orders", "0": "reception", "9": "call me back"},
            "ways": {"otherwise": "reception"},
            "tries": 2, "seconds": 5,
        },
        "orders": {"kind": "queue", "queue": orders, "ways": {"otherwise": "message"}},
        "reception": {"kind": "queue", "queue": here, "ways": {"otherwise": "message"}},
        "call me back": {"kind": "callback", "queue": here, "ways": {"otherwise": "message"}},
        "message": {"kind": "voicemail", "queue": here, **says("Please speak now.", "en")},
    }  # fmt: skip
    made = flows.add("Main line 总机", {"start": "欢迎 hello", "steps": steps})
    flows.publish(made.id, "admin2")
    SqlPhones(office.database).keep_number(Number("+861055501234", here, made.id))


def _agents(work: Work, ids: dict[str, int], queues: dict[str, int]) -> None:
    dice = random.Random(7)
    for name, display, role in PEOPLE:
        if role is not Role.AGENT:
            continue
        hotline = queues["Hotline 热线"]
        serves = frozenset(dice.sample(sorted(set(queues.values()) - {hotline}), 3))
        if name in AT_PHONES:
            serves = frozenset({hotline})
        skills = {"product": dice.randint(1, 5), "english": dice.randint(2, 5)}
        work.save_agent(
            Agent(ids[name], display, queues=serves, skills=skills, groups=frozenset({"day shift"}))
        )
        work.tell("agent.added", who="system", agent=ids[name])


def _history(room: Showroom, days: int) -> None:
    """Events as the floor would have written them, of days that were busiest before noon."""
    dice = random.Random(11)
    now = datetime.now(UTC)
    rows: list[EventRow] = []
    agents = [room.agents[name] for name, _display, role in PEOPLE if role is Role.AGENT]
    number = 1_000_000  # conversations that nobody can open any more
    for day in range(days, -1, -1):
        morning = now.astimezone(ZONE) - timedelta(days=day)
        morning = morning.replace(hour=0, minute=0, second=0, microsecond=0)
        weekday = morning.weekday()
        for hour in range(24):
            load = max(0.2, 24 - 4 * abs(hour - 11)) * (0.3 if weekday > 4 else 1)
            for _ in range(round(load * dice.uniform(0.6, 1.4))):
                at = morning + timedelta(hours=hour, seconds=dice.uniform(0, 3599))
                if at > now - timedelta(minutes=20):
                    continue
                number += 1
                rows += _past(dice, number, at, dice.choice(list(room.queues.values())),
                              dice.choice(agents))  # fmt: skip
        for agent in agents[: 6 if weekday < 5 else 2]:
            for hour, presence in ((7, "away"), (7.1, "available"), (11, "away"),
                                   (11.7, "available"), (16.5, "offline")):  # fmt: skip
                at = morning + timedelta(hours=hour, minutes=dice.uniform(0, 9))
                if at < now - timedelta(minutes=20):
                    reason = "lunch" if hour == 11 else ""
                    rows.append(
                        _event(
                            at, "agent.said", None, agent, None, presence=presence, reason=reason
                        )
                    )
    rows.sort(key=lambda row: row.at)
    with room.office.database.write() as session:
        session.add_all(rows)


def _past(dice: random.Random, number: int, at: datetime, queue: int, agent: int) -> list[EventRow]:
    steps = [(0.0, "queue", None, "queued")]
    wait = dice.expovariate(1 / 18)
    if dice.random() < 0.07:
        steps.append((wait * 3, "leave", None, "abandoned"))
    else:
        talk, wrap = dice.uniform(60, 600), dice.uniform(5, 60)
        steps += [(wait, "accept", agent, "active"), (wait + talk, "end", agent, "wrap_up"),
                  (wait + talk + wrap, "close", agent, "closed")]  # fmt: skip
    return [
        _event(at + timedelta(seconds=after), f"conversation.{verb}", number, who, queue,
               state=state, channel="chat")
        for after, verb, who, state in steps
    ]  # fmt: skip


def _event(
    at: datetime, kind: str, conversation: int | None, agent: int | None, queue: int | None,
    **data: str,
) -> EventRow:  # fmt: skip
    return EventRow(
        at=at, kind=kind, who="system", conversation=conversation, agent=agent, queue=queue,
        data=data,
    )  # fmt: skip


def _work(room: Showroom) -> None:
    """People are at their desks, some are spoken with, some wait."""
    floor, ids = room.office.floor, room.agents
    for name, said in (("anna", Said.READY), ("bo", Said.READY), ("chen", Said.READY),
                       ("dana", Said.STEP_AWAY), ("lihua", Said.READY)):  # fmt: skip
        floor.write(lambda work, name=name: say(work, ids[name], Said.SIGN_IN))
        reason = "lunch" if said is Said.STEP_AWAY else ""
        floor.write(
            lambda work, name=name, said=said, reason=reason: say(
                work, ids[name], said, reason=reason
            )
        )
    queues = list(room.queues.values())
    for number in range(14):
        words, answer = SAYINGS[number % len(SAYINGS)]
        arrival = Arrival(
            channel="chat", queue=queues[number % 3], weight=25, name=f"Visitor {number + 1}",
            identities=[Identity("cookie", f"showroom-{number}", sure=False),
                        Identity("number", f"+86139000{number:05}")],
            subject="https://shop.example/checkout", tags=frozenset({"vip"} if not number else ()),
        )  # fmt: skip
        one = floor.write(lambda work, arrival=arrival: arrive(work, arrival)).conversation.id
        room.conversations.append(one)
        floor.write(lambda work, one=one, words=words: say_message(
            work, Saying(one, "v1", words), 4000))  # fmt: skip
        for offer in floor.write(offer_waiting):
            if number < 9 or offer.agent == ids["anna"]:  # at her desk nothing rings
                floor.write(lambda work, o=offer: accept_offer(work, o.conversation, o.agent))
                floor.write(lambda work, o=offer, answer=answer: say_message(
                    work, Saying(o.conversation, "a1", answer, o.agent), 4000))  # fmt: skip


def main() -> None:
    """See above."""
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with open_to_visitors(folder, port) as (_room, address):
        names = ", ".join(name for name, _display, _role in PEOPLE)
        print(f"{address}  names: {names}  password: {PASSWORD}", flush=True)  # noqa: T201
        with contextlib.suppress(KeyboardInterrupt):
            stop.wait()


if __name__ == "__main__":
    main()
