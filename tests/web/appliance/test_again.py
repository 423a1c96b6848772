"""A creation whose program dies at any moment is made once, and whoever asks again learns of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from appliance.domain.kept import GIVEN_UP_AFTER
from appliance.domain.roles import Role
from appliance.store.database import Database
from appliance.store.kept_answers import SqlKeptAnswers
from tests.web.appliance.conftest import ORIGIN, House
from tests.web.appliance.people import Person, problem_of

KEY = {"Idempotency-Key": "one"}


class Killed(BaseException):
    """The program is no more; nothing that it would do catches this."""


@pytest.fixture
def killed_before_the_answer(monkeypatch: pytest.MonkeyPatch):
    """Dies between the creation's commit and the answer that is kept."""

    def kill(*_: Any) -> None:
        raise Killed

    def patch(on: bool) -> None:
        if on:
            monkeypatch.setattr(SqlKeptAnswers, "keep", kill)
        else:
            monkeypatch.undo()

    return patch


def dies(asking: Any) -> None:
    with pytest.raises(Killed):
        asking()


def chat(house: House, queue: int) -> Any:
    body = {"queue": queue, "visitor": "a-browser-of-a-visitor", "name": "Li"}
    client = house.appliance.flask.test_client()
    return client.post("/api/v1/chat", json=body, base_url=ORIGIN, headers=KEY)


@pytest.mark.two_nodes
def test_a_chat_whose_answer_was_lost_is_answered_when_it_is_asked_for_again(
    house: House, queue, killed_before_the_answer
):
    killed_before_the_answer(True)
    dies(lambda: chat(house, queue))
    killed_before_the_answer(False)
    again = chat(house, queue)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.json["entry"] == "taken"
    floor = house.appliance.office.floor
    assert floor.read(lambda work: work.conversation(again.json["conversation"])).contact
    assert chat(house, queue).json == again.json


@pytest.mark.two_nodes
def test_a_queue_too(house: House, admin: Person, killed_before_the_answer):
    killed_before_the_answer(True)
    dies(lambda: admin.ask("POST", "/queues", {"name": "night"}, **KEY))
    killed_before_the_answer(False)
    again = admin.ask("POST", "/queues", {"name": "night"}, **KEY)
    assert (again.status_code, again.json["name"]) == (201, "night")
    assert again.json == admin.get(f"/queues/{again.json['id']}")
    names = [one["name"] for one in admin.get("/queues")["items"]]
    assert names.count("night") == 1


@pytest.mark.two_nodes
def test_what_was_made_and_cannot_be_told_again_is_said_to_be_there(
    house: House, admin: Person, killed_before_the_answer
):
    body = {"name": "crm", "scopes": ["floor.see"]}
    killed_before_the_answer(True)
    dies(lambda: admin.ask("POST", "/api-keys", body, **KEY))
    killed_before_the_answer(False)
    again = admin.ask("POST", "/api-keys", body, **KEY)
    problem_of(again, 409, "made-before")
    assert [one["name"] for one in admin.get("/api-keys")["items"]] == ["crm"]


@pytest.mark.two_nodes
def test_what_died_before_its_commit_is_made_when_it_is_asked_for_again(
    house: House, admin: Person, monkeypatch: pytest.MonkeyPatch
):
    made: list[str] = []
    inner = Database.write

    def kill(self: Database) -> Any:
        if made:
            raise Killed
        made.append("the beginning of the key")
        return inner(self)

    admin.get("/desk/me")
    house.appliance.office.floor.write(lambda _work: None)
    sessions = house.appliance.office.people.sessions
    monkeypatch.setattr(sessions, "seen", lambda *_: None)
    monkeypatch.setattr(Database, "write", kill)
    dies(lambda: admin.ask("POST", "/teams", {"name": "night"}, **KEY))
    monkeypatch.undo()
    assert made
    problem_of(admin.ask("POST", "/teams", {"name": "night"}, **KEY), 409, "not-ended")
    house.clock.advance((GIVEN_UP_AFTER + timedelta(seconds=1)).total_seconds())
    assert admin.ask("POST", "/teams", {"name": "night"}, **KEY).status_code == 201
    assert [one["name"] for one in admin.get("/teams")["items"]] == ["night"]


def test_who_is_new_on_the_floor_has_made_nothing_by_that(
    house: House, admin: Person, monkeypatch: pytest.MonkeyPatch
):
    house.add("dora", Role.SUPERVISOR)
    dora = Person(house, "dora")
    dora.get("/me")
    floor, writes = house.appliance.office.floor, []
    inner = floor.write

    def kill(job: Any, timeout: float = 60) -> Any:
        if writes:
            raise Killed
        writes.append("the agent that she is")
        return inner(job, timeout)

    monkeypatch.setattr(floor, "write", kill)
    body = {"said": "sign_in"}
    dies(lambda: dora.ask("POST", "/desk/presence", body, **KEY))
    monkeypatch.undo()
    problem_of(dora.ask("POST", "/desk/presence", body, **KEY), 409, "not-ended")
    house.clock.advance((GIVEN_UP_AFTER + timedelta(seconds=1)).total_seconds())
    assert dora.ask("POST", "/desk/presence", body, **KEY).status_code == 200


@pytest.mark.two_nodes
def test_who_was_taken_over_makes_nothing_any_more(house: House, admin: Person):
    kept = house.appliance.office.people.kept
    first = kept.begin("user:1", "k", "the hash")
    house.clock.advance(100)
    second = kept.begin("user:1", "k", "the hash")
    assert type(first) is type(second)
    office = house.appliance.office

    def make(name: str, begun: Any) -> None:
        with office.database.write() as session:
            kept.mark(session, begun)

    with pytest.raises(Exception, match="has not ended"):
        make("late", first)
    make("again", second)
