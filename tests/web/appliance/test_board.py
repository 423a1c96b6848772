"""What the desk shows of an agent's work, and what an agent keeps true there."""

from __future__ import annotations

import pytest

from appliance.domain.capacity import FULL
from appliance.domain.contact import Identity
from appliance.services.arrive import Arrival, arrive
from tests.web.appliance.conftest import ORIGIN
from tests.web.appliance.people import Person, Visitor, problem_of, ready


@pytest.fixture
def anna(agents) -> Person:
    ready(agents[0])
    return agents[0]


def card_of(person: Person, conversation: int):
    return person.get(f"/desk/cards/{conversation}")


@pytest.mark.two_nodes
def test_what_rings_is_shown_with_who_until_when_and_why(house, queues, anna):
    visitor = Visitor(house, queues[0], subject="An order")
    board = anna.get("/desk/board")
    (card,) = board["cards"]
    assert (card["id"], card["contact_name"], card["subject"]) == (visitor.id, "Li", "An order")
    assert card["offer"]["why"]["reason"]
    assert card["offer"]["until"] > card["offer"]["made_at"]
    assert board["me"]["state"] == "offered"
    assert {one["name"]: one["state"] for one in board["colleagues"]} == {
        "Administrator": "offline", "Anna": "offered", "Bo": "offline", "Chen": "offline",
    }  # fmt: skip
    assert [one["waiting"] for one in board["queues"] if one["id"] in queues] == [0, 0]


def test_how_long_a_contact_waits_for_an_answer_is_counted_from_what_they_said_first(
    house, queues, anna
):  # fmt: skip
    visitor = Visitor(house, queues[0])
    anna.do("POST", f"/desk/conversations/{visitor.id}/accept")
    assert card_of(anna, visitor.id)["unanswered_since"] is None
    first = visitor.say("1", "hello")["at"]
    house.clock.advance(30)
    visitor.say("2", "anybody?")
    assert card_of(anna, visitor.id)["unanswered_since"][:19] == first[:19]
    say = f"/desk/conversations/{visitor.id}/messages"
    anna.do("POST", say, {"key": "n", "text": "a note", "internal": True})
    card = card_of(anna, visitor.id)
    assert card["unanswered_since"][:19] == first[:19]
    assert card["last"]["text"] == "anybody?"
    anna.do("POST", say, {"key": "a", "text": "good morning"})
    assert card_of(anna, visitor.id)["unanswered_since"] is None


@pytest.mark.two_nodes
def test_a_contact_is_edited_by_whoever_saw_the_newest(house, queues, anna):
    visitor = Visitor(house, queues[0])
    contact = card_of(anna, visitor.id)["contact"]
    page = anna.get(f"/desk/contacts/{contact}")
    assert [one["id"] for one in page["history"]] == [visitor.id]
    assert page["identities"][0]["kind"] == "cookie"
    path, match = f"/desk/contacts/{contact}", {"If-Match": f'"{page["etag"]}"'}

    def edit(**body: object):
        return anna._client.patch(
            f"/api/v1{path}", json=body, base_url=ORIGIN,
            headers={"X-CSRF-Token": anna._token, **match},
        )  # fmt: skip

    assert edit(name=" Li  Na ", tags=["vip", " vip "], note="calls back").status_code == 200
    kept = anna.get(path)
    assert (kept["name"], kept["tags"], kept["note"]) == ("Li Na", ["vip"], "calls back")
    assert card_of(anna, visitor.id)["contact_name"] == "Li Na"
    assert edit(name="somebody else").status_code == 412


def test_who_calls_from_a_number_that_an_agent_added_is_that_contact_and_no_other(
    house, queues, anna
):
    def contact_of(*given: Identity, name: str = "") -> int:
        came = Arrival("phone", queues[0], given, FULL, name=name)
        arrived = house.appliance.office.floor.write(lambda work: arrive(work, came))
        return arrived.conversation.contact

    chat = card_of(anna, Visitor(house, queues[0]).id)
    path = f"/desk/contacts/{chat['contact']}"
    called_before = contact_of(Identity("number", "+8613800000000"), name="+8613800000000")
    for _ in range(2):  # said again it is theirs anyway
        anna.do("PATCH", path, {"number": " +86 138-0000 0000 "})
    numbers = [one for one in anna.get(path)["identities"] if one["kind"] == "number"]
    assert [one["value"] for one in numbers] == ["+8613800000000"]
    assert anna.get(f"/desk/contacts/{called_before}")["id"] == chat["contact"]
    assert contact_of(Identity("number", "+8613800000000")) == chat["contact"]
    assert [one["channel"] for one in anna.get(path)["history"]] == ["phone", "phone", "chat"]
    theirs = f"/desk/contacts/{contact_of(Identity('cookie', 'of another', sure=False))}"
    said = anna.do("PATCH", theirs, {"number": "+8613800000000"}, status=422)
    assert said["kind"] == "number-of-another"
    assert anna.do("PATCH", theirs, {"number": "nobody"}, status=422)["kind"] == "dial-form"


def test_tags_of_a_conversation_are_suggested_to_others_kept_from_the_older_and_limited(
    house, admin, queues, anna
):  # fmt: skip
    visitor = Visitor(house, queues[0])
    path = f"/desk/cards/{visitor.id}"
    anna.do("PATCH", path, {"tags": ["refund", "late"], "subject": "An order"})
    card = card_of(anna, visitor.id)
    assert (card["tags"], card["subject"]) == (["late", "refund"], "An order")
    assert set(anna.get("/desk/board")["tags"]) == {"refund", "late"}
    seen = anna.get(path)["etag"]
    visitor.say("1", "hello")
    mine = {"If-Match": f'"{seen}"'}
    assert anna.ask("PATCH", path, {"tags": ["late"]}, **mine).json["tags"] == ["late"]
    problem_of(anna.ask("PATCH", path, {"tags": []}, **mine), 412, "precondition-failed")
    assert card_of(anna, visitor.id)["tags"] == ["late"]
    lines = admin.get("/audit?what=conversation.set")["items"]
    assert [(one["who"], one["subject"]) for one in lines] == [
        ("anna", f"conversation {visitor.id}: tags"),
        ("anna", f"conversation {visitor.id}: subject, tags"),
    ]
    assert "at most 20" in anna.ask("PATCH", path, {"tags": [str(n) for n in range(21)]}).text


def test_a_card_is_for_those_who_have_a_part_in_it(house, queues, agents, anna):
    visitor = Visitor(house, queues[0])
    for method in ("GET", "PATCH"):
        refused = agents[1].ask(method, f"/desk/cards/{visitor.id}")
        assert (refused.status_code, refused.json["type"]) == (403, "not-yours")
