"""The call centre over its REST interface: an administrator, agents, a visitor."""

from __future__ import annotations

import re

import pytest

from tests.web.appliance.conftest import GOOD, ORIGIN, House
from tests.web.appliance.people import Person, Visitor, problem_of, ready


@pytest.mark.two_nodes
def test_a_visitor_is_answered_transferred_and_done(house, queues, agents):
    anna, bo, _chen = agents
    ready(anna)
    visitor = Visitor(house, queues[0])
    assert visitor.begun["entry"] == "taken"
    ((mine,),) = [anna.get("/desk/conversations")["items"]]
    assert (mine["id"], mine["state"]) == (visitor.id, "offered")
    here = f"/desk/conversations/{visitor.id}"
    anna.do("POST", f"{here}/accept")
    standing = visitor.ask("GET", "/standing").json
    assert (standing["state"], standing["waits"], standing["agent"]) == ("active", False, "Anna")
    visitor.say("k1", "你好")
    anna.do("POST", f"{here}/messages", {"key": "a1", "text": "Good morning"})
    anna.do("POST", f"{here}/messages", {"key": "a2", "text": "he is nice", "internal": True})
    assert visitor.heard() == ["你好", "Good morning"]
    ready(bo)
    anna.do("POST", f"{here}/transfer", {"queue": queues[1]})
    who = bo if bo.get("/desk/conversations")["items"] else anna
    who.do("POST", f"{here}/accept")
    said = [m["text"] for m in who.get(f"{here}/messages")["items"]]
    assert said == ["你好", "Good morning", "he is nice"]
    who.do("POST", f"{here}/end")
    assert who.get("/desk/me")["state"] == "wrap_up"
    closed = who.do("POST", f"{here}/close", {"disposition": "sold"})
    assert (closed["state"], closed["disposition"]) == ("closed", "sold")


@pytest.mark.two_nodes
def test_the_same_message_sent_again_is_the_same_message(house, queues, agents):
    visitor = Visitor(house, queues[0])
    first, second = visitor.say("k1", "hello"), visitor.say("k1", "hello")
    assert first == second
    assert visitor.heard() == ["hello"]


@pytest.mark.two_nodes
def test_a_visitor_who_leaves_frees_the_agent(house, queues, agents):
    ready(agents[0])
    visitor = Visitor(house, queues[0])
    assert agents[0].get("/desk/me")["state"] == "offered"
    assert visitor.ask("POST", "/leave", json={}).json["state"] == "abandoned"
    assert agents[0].get("/desk/me")["state"] == "available"


@pytest.mark.parametrize("key", ["", "nonsense", "MTc.AAAA", "Mg.x" * 50])
def test_without_its_key_a_conversation_does_not_exist(house, queues, key):
    visitor = Visitor(house, queues[0])
    for method, path in (("GET", "/messages"), ("GET", "/standing"), ("POST", "/leave")):
        problem_of(visitor.ask(method, path, key), 401, "unauthorized")


def test_one_visitors_key_opens_no_other_conversation(house, queues):
    one, two = Visitor(house, queues[0]), Visitor(house, queues[0])
    one.say("k", "mine")
    assert two.heard() == []


def test_what_is_not_possible_says_what_is(house, queues, agents):
    ready(agents[0])
    visitor = Visitor(house, queues[0])
    here = f"/desk/conversations/{visitor.id}"
    agents[0].do("POST", f"{here}/accept")
    told = problem_of(agents[0].ask("POST", f"{here}/resume"), 409, "illegal-transition")
    assert "possible: end, hold" in told
    problem_of(agents[0].ask("POST", f"{here}/accept"), 409, "offer-gone")
    problem_of(agents[1].ask("POST", f"{here}/end"), 403, "not-yours")
    problem_of(agents[0].ask("POST", "/desk/conversations/999/end"), 404, "unknown")


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/desk/presence", {"said": "asleep"}, "said"),
        ("/desk/presence", {}, "said"),
        ("/desk/presence", {"said": "ready", "extra": 1}, "extra"),
        ("/desk/presence", [], "body"),
    ],
)
def test_a_body_that_is_not_as_described_is_refused_naming_where(agents, path, body, where):
    answer = agents[0].ask("POST", path, body)
    problem_of(answer, 422, "invalid")
    assert [one["where"] for one in answer.json["errors"]] == [where]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"colour": "red"}, "has no colour"),
        ({"ageing": 0}, "ageing"),
        ({"hours": {"zone": "Asia/Nowhere", "week": {}, "days": {}}}, "Nowhere"),
        ({"hours": 5}, "form"),
        ({"rules": [{"name": "x"}]}, "form"),
        ({"overflow": {"after": 5, "to": 999}}, "no queue 999"),
    ],
)
def test_a_queue_that_cannot_work_is_refused_with_the_reason(admin, queues, form, told):
    answer = admin.ask("PATCH", f"/queues/{queues[0]}", {"form": form})
    assert answer.status_code in {404, 422}
    assert told in answer.json["detail"]


def test_two_queues_have_two_names(admin, queues):
    for method, path in (("POST", "/queues"), ("PATCH", f"/queues/{queues[1]}")):
        answer = admin.ask(method, path, {"name": "sales"})
        assert "already" in problem_of(answer, 422, "invalid")
    assert admin.do("PATCH", f"/queues/{queues[0]}", {"name": "sales"})["name"] == "sales"


def test_queues_cannot_overflow_in_a_circle(admin, queues):
    one, two = queues
    admin.do("PATCH", f"/queues/{one}", {"form": {"overflow": {"after": 30, "to": two}}})
    answer = admin.ask("PATCH", f"/queues/{two}", {"form": {"overflow": {"after": 30, "to": one}}})
    assert "circle" in problem_of(answer, 422, "invalid")


def test_an_agent_may_not_set_queues_nor_read_what_is_not_theirs(house, queues, agents):
    anna = agents[0]
    problem_of(anna.ask("POST", "/queues", {"name": "mine"}), 403, "forbidden")
    problem_of(anna.ask("PATCH", "/agents/1", {"capacity": 1000}), 403, "forbidden")
    visitor = Visitor(house, queues[0])
    path = f"/desk/conversations/{visitor.id}/messages"
    problem_of(anna.ask("GET", path), 403, "not-yours")
    problem_of(anna.ask("POST", f"/desk/conversations/{visitor.id}/take-over"), 403, "forbidden")


def test_nothing_is_changed_without_the_sessions_token(agents):
    answer = agents[0].ask("POST", "/desk/presence", {"said": "sign_in"}, token="stolen")
    assert answer.status_code == 403
    assert agents[0].get("/desk/me")["presence"] == "offline"


def test_nobody_who_is_not_signed_in_gets_in(house: House):
    client = house.appliance.flask.test_client()
    for path in ("/desk/me", "/queues", "/agents"):
        assert client.get(f"/api/v1{path}", base_url=ORIGIN).status_code == 401


def test_a_page_of_another_site_may_use_the_chat_and_nothing_else(house: House, queues):
    client = house.appliance.flask.test_client()
    chat = client.options("/api/v1/chat", base_url=ORIGIN)
    assert chat.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in chat.headers
    desk = client.options("/api/v1/desk/me", base_url=ORIGIN)
    assert "Access-Control-Allow-Origin" not in desk.headers


def test_the_description_names_every_address(house: House):
    described = house.appliance.flask.test_client().get("/api/openapi.json", base_url=ORIGIN).json
    assert described["openapi"].startswith("3.1")
    real = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in house.appliance.flask.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.rule != "/api/v1/status"
    }
    assert set(described["paths"]) == real
    assert all(
        operation["summary"] and "4XX" in operation["responses"]
        for item in described["paths"].values()
        for operation in item.values()
    )


def test_time_passes_by_itself_once_the_program_runs(house: House, queues, agents, monkeypatch):
    """`keep_moving` is what the program's clock runs; see test_serve for the clock itself."""
    from appliance.services.keep_moving import keep_moving

    ready(agents[0])
    visitor = Visitor(house, queues[0])
    house.clock.advance(20)
    keep_moving(house.appliance.office.floor, False)
    assert agents[0].get("/desk/me")["state"] == "not_responding"
    assert visitor.ask("GET", "/standing").json["waits"]


def test_an_administrator_makes_people_and_the_record_tells_it_and_holds(house: House, admin):
    made = admin.do("POST", "/users", {"name": "Anna", "role": "agent"}, 201)
    assert made["must_change_password"]
    browser = house.browser()
    browser.sign_in("anna", made["one_time_password"])
    browser.change_password(made["one_time_password"], GOOD)
    anna = Person(house, "anna")
    assert anna.get("/desk/me")["name"] == "Anna"
    taken = admin.ask("POST", "/users", {"name": "ANNA", "role": "agent"})
    assert "is a user anna already" in problem_of(taken, 422, "invalid")
    whats, after = [], 0
    while True:
        page = admin.get(f"/audit?most=2&after={after}")
        whats += [line["what"] for line in page["items"]]
        after = page["cursor"]
        if not after:
            break
    assert {"user.added", "user.signed_in", "user.password_changed"} <= set(whats)
    assert admin.get("/audit?most=1")["items"][0]["what"] == "audit.read"
    assert admin.get("/audit/verdict")["broken"] is None
    problem_of(anna.ask("GET", "/audit"), 403, "forbidden")
    problem_of(anna.ask("POST", "/users", {"name": "x", "role": "administrator"}), 403, "forbidden")


@pytest.mark.parametrize(
    ("form", "where"),
    [({"priority": "x"}, "form.priority"), ({"priority": None}, "form.priority"),
     ({"ring": "x"}, "form.ring"), ({"sticky": -1}, "form.sticky"),
     ({"most_waiting": "many"}, "form.most_waiting"), ({"reserve_after": []}, "form.reserve_after"),
     ({"overflow": {"to": 1, "after": "x"}}, "form.overflow.after"),
     ({"rules": {}}, "form.rules"), ({"hours": {"zone": "UTC"}}, "form.hours.week"),
     ({"hours": None}, "form.hours"), ({"wrap_up": None}, "form.wrap_up"),
     ({"phone": {"wait": "perhaps"}}, "form.phone.wait"), ({"look": 5}, "form.look")],
)  # fmt: skip
def test_a_queues_form_is_looked_at_field_by_field(admin, queues, form, where):
    before = admin.get(f"/queues/{queues[0]}")
    refused = admin.ask("PATCH", f"/queues/{queues[0]}", {"form": form})
    assert refused.status_code == 422
    assert refused.json["errors"][0]["where"].startswith(where)
    assert admin.get(f"/queues/{queues[0]}") == before


def test_what_a_queue_shows_is_taken_back_as_it_is(admin, queues):
    shown = admin.get(f"/queues/{queues[0]}")
    kept = admin.do("PATCH", f"/queues/{queues[0]}", {"form": shown["form"]})
    assert kept == shown
