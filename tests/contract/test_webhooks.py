"""A webhook is told of its events in order, each at least once, whatever fails or is killed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from appliance.domain.webhooks import Delivery, Outcome
from appliance.services.send_webhooks import SendWebhooks
from appliance.store.account_models import DeliveryRow, WebhookRow
from appliance.store.audit import SqlAudit
from appliance.store.database import Database
from appliance.store.floor_models import EventRow
from appliance.store.webhooks import SqlWebhooks
from common.vault import Vault
from tests.support.clock import FakeClock
from tests.support.waiting import until


@dataclass
class House:
    """Systems by their addresses, and who tells them.

    Attributes:
        status: what each system answers; None: nothing.
        got: address, id and events of each request.
        poison: an event that every system refuses.
        slow: an address at which requests wait for `go_on`.
    """

    database: Database
    hooks: SqlWebhooks
    clock: FakeClock
    status: int | None = 204
    got: list[tuple[str, str, list[int]]] = field(default_factory=list)
    poison: int = 0
    slow: str = ""
    go_on: threading.Event = field(default_factory=threading.Event)

    def sender(self, hooks: Any = None, log_every: int = 100) -> SendWebhooks:
        return SendWebhooks(
            hooks or self.hooks, lambda: Connection(self), SqlAudit(self.database, self.clock),
            self.clock, lambda: timedelta(days=30), lambda: log_every,
        )  # fmt: skip

    def add(self, url: str = "https://crm", batch_size: int = 1) -> str:
        return self.hooks.add("CRM", url, ["message.*"], batch_size)[0].id

    def happens(self, count: int, kind: str = "message.said") -> list[int]:
        with self.database.write() as session:
            self.database.only_writer(session)
            events = [
                EventRow(at=self.clock.now(), kind=kind, who="contact:1", data={"n": n})
                for n in range(count)
            ]
            session.add_all(events)
            session.flush()
            return [event.id for event in events]

    def told(self, url: str = "https://crm") -> list[int]:
        return [event for at, _id, events in self.got if at == url for event in events]

    def log(self, hook: str) -> list[Delivery]:
        return self.hooks.deliveries(hook, 0, 200)[::-1]


class Connection:
    """To a system of the house."""

    def __init__(self, house: House) -> None:
        self._house = house

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        content = json.loads(body)
        several = content["data"]["events"] if content["type"] == "events" else [content]
        events = [one["data"]["event"] for one in several]
        self._house.got.append((url, headers["webhook-id"], events))
        if url == self._house.slow:
            assert self._house.go_on.wait(60)
        if self._house.status is None:
            raise OSError("nobody there")
        return 500 if self._house.poison in events else self._house.status

    def close(self) -> None:
        pass


@pytest.fixture
def house(database: Database, tmp_path: Any) -> Iterator[House]:
    clock = FakeClock()
    yield House(database, SqlWebhooks(database, Vault.of(tmp_path), clock), clock)
    with database.write() as session:
        session.execute(delete(DeliveryRow))
        session.execute(delete(WebhookRow))


def test_all_that_is_due_is_told_in_one_run_and_each_is_logged(house: House):
    hook = house.add()
    first = house.happens(150)
    house.happens(3, "agent.say")
    events = first + house.happens(80)
    house.sender().run_once()
    assert house.told() == events
    assert [one.event for one in house.log(hook)] == events[-200:]
    assert {(one.answered, one.attempts, one.due_at) for one in house.log(hook)} == {(204, 1, None)}
    house.sender().run_once()
    assert house.told() == events
    assert house.hooks.busy() == []


def test_several_in_one_request_fail_and_come_again_together(house: House):
    hook = house.add(batch_size=4)
    events = house.happens(10)
    house.status = 500
    house.sender().run_once()
    house.status = 204
    house.clock.advance(10)
    house.sender().run_once()
    parts = [events[:4], events[:4], events[4:8], events[8:]]
    assert [(number, told) for _url, number, told in house.got] == [
        (f"msg_{hook}_{part[0]}-{part[-1]}", part) for part in parts
    ]
    assert [(one.event, one.attempts) for one in house.log(hook)] == [
        (event, 2 if event in events[:4] else 1) for event in events
    ]


@pytest.mark.parametrize("status", [None, 429, 503])
def test_while_a_system_is_away_what_is_behind_waits_and_the_order_is_kept(house: House, status):
    house.add()
    events = house.happens(3)
    house.status = status
    sends = house.sender()
    for _ in range(8):
        sends.run_once()
        sends.run_once()  # not before its time
        house.clock.advance(150)
    assert house.told() == events[:1] * 8
    house.status = 204
    sends.run_once()
    assert house.told()[8:] == events


def test_an_event_that_a_system_chokes_on_is_set_aside_and_the_others_go_on(house: House):
    hook = house.add()
    house.poison, *others = house.happens(3)
    sends = house.sender()
    for _ in range(3):
        sends.run_once()
        house.clock.advance(150)
    assert house.told() == [house.poison] * 3
    sends.run_once()
    assert house.told() == [house.poison] * 4 + others
    poison, house.poison = house.poison, 0
    house.clock.advance(720)
    sends.run_once()
    assert house.told()[6:] == [poison]
    assert [(one.event, one.attempts) for one in house.log(hook)] == [
        (poison, 5), (others[0], 1), (others[1], 1),
    ]  # fmt: skip


def test_a_slow_system_holds_up_nobody_else(house: House):
    for url in ("https://slow", "https://crm"):
        house.add(url)
    house.slow = "https://slow"
    first = house.happens(3)
    sends = house.sender()
    sends.begin()
    until(lambda: house.told() == first and house.told("https://slow"), 60, "the first", every=0.01)
    second = house.happens(3)

    def told() -> bool:
        sends.begin()
        return house.told() == first + second

    until(told, 60, "what came while the other one is slow", every=0.01)
    assert house.told("https://slow") == first[:1]
    house.go_on.set()
    sends.run_once()
    sends.run_once()
    assert house.told("https://slow") == first + second
    sends.stop()


class Killed(BaseException):
    """Nothing after it is done."""


class Dying:
    """Hooks of a process that is killed before or after it has written, at its n-th transaction."""

    def __init__(self, hooks: SqlWebhooks, at: int, after: bool) -> None:
        self._hooks, self._left, self._after = hooks, at, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hooks, name)

    def record(self, *what: Any) -> Any:
        self._left -= 1
        if self._left or self._after:
            self._hooks.record(*what)
        if not self._left:
            raise Killed


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_killed_at_any_transaction_little_is_told_again_and_nothing_forgotten(
    house: House, at: int, after: bool
):
    house.add()
    events = house.happens(9)
    with pytest.raises(Killed):
        house.sender(Dying(house.hooks, at, after), log_every=4).run_once()
    house.sender(log_every=4).run_once()  # the next process
    assert list(dict.fromkeys(house.told())) == events
    assert len(house.told()) == 9 + (0 if after else (4, 4, 1)[at - 1])
    assert len({number for _url, number, _events in house.got}) == 9


def test_of_two_workers_that_tell_the_same_one_writes(house: House):
    hook = house.add()
    events = house.happens(6)
    found = house.hooks.next_for(hook, 100)  # by one that was held up, while another began
    assert found is not None
    house.sender().run_once()
    outcomes = [Outcome(one, 204, "") for one in found.parcels]
    assert house.hooks.record(found, outcomes, timedelta(days=1)) is None
    assert [one.event for one in house.log(hook)] == events
