"""Colleagues, listeners, marks, canned replies and ratings, over REST."""

from __future__ import annotations

import pytest

from appliance.domain.roles import Role
from tests.web.appliance.conftest import House
from tests.web.appliance.people import Person, Visitor, problem_of, ready


@pytest.mark.two_nodes
def test_a_chat_with_a_colleague_a_listener_marks_and_a_rating(house: House, agents, queues):
    anna, bo, chen = agents
    house.add("sun", Role.SUPERVISOR, "Sun")
    sun = Person(house, "sun")
    ready(anna)
    visitor = Visitor(house, queues[0])
    here = f"/desk/conversations/{visitor.id}"
    anna.do("POST", f"{here}/accept")
    visitor.ask("POST", "/visits", json={"url": "https://shop.example/p#x", "title": "Teapot"})
    visitor.say("k1", "hello")
    ready(bo)
    asked_in = anna.do("POST", f"{here}/invite", {"agent": bo.get("/desk/me")["id"]})
    assert [(one["name"], one["part"]) for one in asked_in["items"]] == [("Bo", "colleague")]
    (joined,) = bo.get("/desk/conversations")["joined"]
    assert (joined["part"], joined["conversation"]["id"]) == ("colleague", visitor.id)
    bo.do("POST", f"{here}/messages", {"key": "b1", "text": "I am Bo"})
    anna.do("POST", f"{here}/marks", {"read": 2})
    visitor.ask("POST", "/marks", json={"delivered": 2, "read": 1})
    standing = visitor.ask("GET", "/standing").json
    assert standing["marks"] == {
        "agent": {"delivered": 2, "read": 2}, "contact": {"delivered": 2, "read": 1},
    }  # fmt: skip
    assert set(standing["names"].values()) == {"Anna", "Bo"}

    problem_of(chen.ask("GET", here), 403, "not-yours")
    problem_of(anna.ask("POST", f"{here}/listen"), 403, "forbidden")
    sun.do("POST", f"{here}/listen")
    assert sun.get(here)["part"] == "listener"
    detail = anna.get(here)
    assert [one["name"] for one in detail["participants"]] == ["Bo"]  # and nobody who listens
    assert (detail["part"], detail["contact_name"]) == ("agent", "Li")
    assert [one["url"] for one in detail["visits"]] == ["https://shop.example/p"]
    sun.do("POST", f"{here}/unlisten")
    sun.get(f"{here}/messages")
    lines = Person(house, "admin").get("/audit?most=10")["items"]
    whose = f"conversation {visitor.id}"
    assert [(one["who"], one["what"]) for one in lines if one["subject"] == whose] == [
        ("sun", "transcript.read"), ("sun", "conversation.listen"),
    ]  # fmt: skip

    rating = {"stars": 4, "comment": "quick"}
    problem_of(visitor.ask("POST", "/rating", json=rating), 422, "invalid")
    anna.do("POST", f"{here}/end")
    assert visitor.ask("GET", "/standing").json["may_rate"]
    visitor.ask("POST", "/rating", json=rating)
    assert anna.get(here)["rating"]["stars"] == 4
    anna.do("POST", f"{here}/close")
    again = Visitor(house, queues[0])
    assert (again.id, again.ask("GET", "/standing").json["stars"]) == (visitor.id + 1, 0)
    anna.do("POST", f"/desk/conversations/{again.id}/accept")
    (before,) = anna.get(f"/desk/conversations/{again.id}/earlier")["items"]
    assert before["id"] == visitor.id


def test_a_supervisors_look_is_one_line_of_the_record_and_the_next_look_another(house, agents,
                                                                               queues):  # fmt: skip
    anna, *_rest = agents
    ready(anna)
    visitor = Visitor(house, queues[0])
    anna.do("POST", f"/desk/conversations/{visitor.id}/accept")
    house.add("sun", Role.SUPERVISOR)
    sun = Person(house, "sun")
    here = f"/desk/conversations/{visitor.id}"
    all_of_it = (
        f"/desk/cards/{visitor.id}", here, f"{here}/messages", f"{here}/earlier",
        f"/recordings/of/{visitor.id}",
    )  # fmt: skip

    def lines() -> int:
        found = house.appliance.office.audit.latest(50)
        return sum((one.who, one.what) == ("sun", "transcript.read") for one in found)

    for number, path in enumerate(all_of_it, start=1):  # whichever is read first has the line
        for also in (path, *all_of_it):
            sun.get(also)
        assert lines() == number
        house.clock.advance(61)
    for path in all_of_it:
        anna.get(path)
    assert lines() == len(all_of_it)


@pytest.mark.two_nodes
def test_canned_replies_are_kept_by_supervisors_and_filled_in_by_agents(house: House, agents,
                                                                        queues):  # fmt: skip
    anna, bo, _chen = agents
    house.add("sun", Role.SUPERVISOR)
    sun = Person(house, "sun")
    body = {"shortcut": "hi", "texts": {"zh-CN": "{{contact.name}}您好", "en": "Hello"}}
    problem_of(anna.ask("POST", "/canned", body), 403, "forbidden")
    kept = sun.do("POST", "/canned", body, 201)
    wrong = {"shortcut": "call", "texts": {"en": "{{contact.phone}}"}}
    told = problem_of(sun.ask("POST", "/canned", wrong), 422, "invalid")
    assert "{{contact.phone}}" in told
    assert "{{contact.name}}" in told
    assert [one["shortcut"] for one in bo.get("/canned")["items"]] == ["hi"]
    ready(anna)
    visitor = Visitor(house, queues[0])
    filled = anna.do("POST", f"/canned/{kept['id']}/text", {"conversation": visitor.id})
    assert filled["text"] == "Li您好"
    path = f"/canned/{kept['id']}"
    problem_of(bo.ask("POST", f"{path}/text", {"conversation": visitor.id}), 403, "not-yours")
    edited = sun.do("PATCH", path, {"texts": {"en": "Hello again"}})
    stale = sun.ask("DELETE", path, **{"If-Match": f'"{kept["etag"]}"'})
    problem_of(stale, 412, "precondition-failed")
    assert sun.ask("DELETE", path, **{"If-Match": f'"{edited["etag"]}"'}).status_code == 204
    assert bo.get("/canned")["items"] == []
