"""What an administrator lets agents fill in and choose from, over the interface."""

from __future__ import annotations

import pytest

from appliance.domain.confidential import MASK
from appliance.domain.roles import Role
from appliance.store.live import SqlLive
from tests.web.appliance.people import Person, Visitor, ready


@pytest.fixture
def anna(agents) -> Person:
    ready(agents[0])
    return agents[0]


def field(**more: object) -> dict[str, object]:
    return {"subject": "conversation", "key": "order", "names": {"en": "Order"}, **more}


def label(**more: object) -> dict[str, object]:
    return {"kind": "disposition", "word": "solved", "names": {"en": "Solved"}, **more}


def wrapping(house, queue: int, anna: Person) -> str:
    """The path of a conversation that has ended and is to be closed."""
    visitor = Visitor(house, queue)
    path = f"/desk/conversations/{visitor.id}"
    anna.do("POST", f"{path}/accept")
    anna.do("POST", f"{path}/end")
    return path


def test_a_conversation_is_not_closed_before_what_is_required_is_filled_in(
    house, queues, admin, anna
):  # fmt: skip
    admin.do("POST", "/fields", field(required=True), 201)
    admin.do(
        "POST", "/fields", field(subject="contact", key="paid", kind="yes_no", required=True), 201
    )
    path = wrapping(house, queues[0], anna)
    refused = anna.do("POST", f"{path}/close", {}, 422)
    assert refused["errors"][0]["where"] == "order"
    anna.do("POST", f"{path}/close", {"fields": {"order": "A 17"}}, 422)
    card = anna.do("PATCH", path.replace("conversations", "cards"), {"fields": {"order": " A 17 "}})
    refused = anna.do("POST", f"{path}/close", {}, 422)
    assert refused["errors"][0]["where"] == "paid"
    anna.do("PATCH", f"/desk/contacts/{card['contact']}", {"fields": {"paid": False}})
    closed = anna.do("POST", f"{path}/close", {})
    assert (closed["state"], closed["fields"]) == ("closed", {"order": "A 17"})
    assert anna.get(f"/desk/contacts/{closed['contact']}")["fields"] == {"paid": False}
    told = SqlLive(house.appliance.office.database).read
    (to_contact,) = [
        one for one in told(f"visitor/{closed['id']}", 0) if one.kind.endswith("close")
    ]
    assert not {"fields", "disposition"} & to_contact.data.keys()
    (to_agents,) = [
        one for one in told(f"conversation/{closed['id']}", 0) if one.kind.endswith("close")
    ]
    assert to_agents.data["fields"] == {"order": "A 17"}
    told = anna.get("/desk/board")["fields"]
    assert [(one["subject"], one["key"], one["position"]) for one in told] == [
        ("conversation", "order", 1), ("contact", "paid", 1),
    ]  # fmt: skip


def test_fields_are_filled_in_while_they_speak_and_refused_by_name(house, queues, admin, anna):
    admin.do("POST", "/fields", field(kind="choice", choices=["A", "B"]), 201)
    visitor = Visitor(house, queues[0])
    card = f"/desk/cards/{visitor.id}"
    assert anna.do("PATCH", card, {"fields": {"order": "B"}})["fields"] == {"order": "B"}
    refused = anna.do("PATCH", card, {"fields": {"order": "C"}}, 422)
    assert (refused["kind"], refused["parameters"]["known"]) == ("field-choice", ["A", "B"])
    assert anna.do("PATCH", card, {"subject": "x"})["fields"] == {"order": "B"}


def test_a_field_keeps_its_key_and_is_retired_instead_of_removed(admin):
    made = admin.do("POST", "/fields", field(), 201)
    assert admin.ask("POST", "/fields", field()).json["errors"][0]["where"] == "key"
    path = f"/fields/{made['id']}"
    retired = admin.do("PATCH", path, {"retired": True, "names": {"zh-CN": "订单"}})
    assert (retired["retired"], retired["key"], retired["names"]) == (
        True,
        "order",
        {"zh-CN": "订单"},
    )
    stale = admin.ask("PATCH", path, {"required": True}, **{"If-Match": f'"{made["etag"]}"'})
    assert stale.status_code == 412
    assert admin.ask("PATCH", path, {"key": "other"}).status_code == 422
    assert [entry["what"] for entry in admin.get("/audit")["items"][:2]] == ["field.set"] * 2


def test_a_renamed_disposition_keeps_its_word_and_a_queue_takes_only_what_it_offers(
    house, queues, admin, anna
):  # fmt: skip
    made = admin.do("POST", "/labels", label(queues=[queues[0]]), 201)
    admin.do("POST", "/labels", label(word="vip", kind="tag", colour="amber"), 201)
    path = wrapping(house, queues[0], anna)
    refused = anna.do("POST", f"{path}/close", {"disposition": "whatever"}, 422)
    assert refused["errors"][0]["where"] == "disposition"
    assert anna.do("POST", f"{path}/close", {"disposition": "solved"})["disposition"] == "solved"
    admin.do("PATCH", f"/labels/{made['id']}", {"names": {"en": "Done"}, "retired": True})
    shown = {one["word"]: one for one in anna.get("/desk/board")["labels"]}
    assert (shown["solved"]["names"], shown["solved"]["retired"]) == ({"en": "Done"}, True)
    assert shown["vip"]["colour"] == "amber"
    other = wrapping(house, queues[0], anna)
    assert anna.do("POST", f"{other}/close", {"disposition": "free"})["disposition"] == "free"


def test_what_is_kept_stands_in_the_order_that_was_chosen_and_on_record(house, admin):
    ids = [admin.do("POST", "/labels", label(word=word), 201)["id"] for word in ("a", "b", "c")]
    admin.do("POST", "/labels/order", {"ids": [ids[2], ids[0], ids[1]]}, 204)
    shown = {one["id"]: one["position"] for one in admin.get("/labels")["items"]}
    assert [shown[one] for one in ids] == [2, 3, 1]
    line = house.appliance.office.audit.latest(1)[0]
    assert (line.what, line.address) == ("label.ordered", "127.0.0.1")
    assert admin.ask("POST", "/labels/order", {"ids": [999]}).status_code == 404


def test_only_administrators_keep_them_and_a_queue_must_exist(admin, anna):
    assert anna.ask("POST", "/fields", field()).status_code == 403
    assert anna.ask("POST", "/labels", label()).status_code == 403
    assert admin.ask("POST", "/labels", label(queues=[999])).status_code == 404
    assert admin.ask("POST", "/labels", label(kind="tag", queues=[1])).json["errors"]


def test_a_confidential_value_is_dots_everywhere_and_shown_on_record_to_who_may(
    house, queues, admin, anna
):  # fmt: skip
    made = admin.do("POST", "/fields", field(subject="contact", confidential=True), 201)
    assert made["confidential"] is True
    again = {"confidential": False}
    assert admin.ask("PATCH", f"/fields/{made['id']}", again).status_code == 422, "never changes"
    path = wrapping(house, queues[0], anna)
    contact = anna.do("POST", f"{path}/close", {})["contact"]
    anna.do("PATCH", f"/desk/contacts/{contact}", {"fields": {"order": "1101"}})
    assert anna.get(f"/desk/contacts/{contact}")["fields"] == {"order": MASK}
    kept = anna.do("PATCH", f"/desk/contacts/{contact}", {"name": "Li", "fields": {"order": MASK}})
    assert kept["fields"] == {"order": MASK}
    shown = f"/desk/confidential/contact/{contact}/order/show"
    assert anna.ask("POST", shown).status_code == 403
    house.add("sue", Role.SUPERVISOR)
    sue = Person(house, "sue")
    answer = sue.ask("POST", shown)
    assert (answer.json, answer.headers["Cache-Control"]) == ({"value": "1101"}, "no-store")
    line = house.appliance.office.audit.latest(1)[0]
    assert (line.what, line.subject) == ("confidential.shown", f"contact {contact} order")
    assert "1101" not in str(admin.get("/audit"))
    assert sue.ask("POST", shown.replace("order", "none")).status_code == 404


def test_why_agents_are_away_is_kept_by_administrators_and_nothing_else_is_taken(admin, anna):
    board = anna.get("/desk/board")["labels"]
    kept = {one["word"]: one for one in board if one["kind"] == "away"}
    assert kept["lunch"]["names"] == {"en": "Lunch", "zh-CN": "用餐"}
    made = admin.do("POST", "/labels", {"kind": "away", "word": "vet", "names": {"en": "Vet"}}, 201)
    away = {"said": "step_away", "reason": "vet"}
    assert anna.do("POST", "/desk/presence", away)["away_reason"] == "vet"
    admin.do("PATCH", f"/labels/{made['id']}", {"retired": True, "names": {"en": "Doctor"}})
    (seen,) = [one for one in admin.get("/floor/wall")["agents"] if one["name"] == "Anna"]
    assert (seen["away_reason"], seen["away_names"]) == ("vet", {"en": "Doctor"})
    assert admin.get("/floor/agents")["items"][0]["away_names"] in ({}, {"en": "Doctor"})
    for path, body in (
        ("/desk/presence", away),
        (f"/floor/agents/{seen['id']}/state", {"state": "away", "reason": "vet"}),
    ):
        asker = anna if path.startswith("/desk") else admin
        refused = asker.do("POST", path, body, 422)
        assert (refused["kind"], refused["errors"][0]["where"]) == ("away-unknown", "reason")
        assert refused["parameters"]["known"] == list(kept)
    assert anna.do("POST", "/desk/presence", {"said": "step_away"})["away_reason"] == ""
    stale = admin.ask("PATCH", f"/labels/{made['id']}", {"retired": False},
                      **{"If-Match": f'"{made["etag"]}"'})  # fmt: skip
    assert stale.status_code == 412
    assert [entry["what"] for entry in admin.get("/audit")["items"]].count("label.set") == 2


@pytest.mark.parametrize("subject", ["contact", "conversation"])
def test_a_confidential_value_that_replaced_another_is_another_version(
    house, queues, admin, anna, subject
):  # fmt: skip
    admin.do("POST", "/fields", field(subject=subject, confidential=True), 201)
    visitor = Visitor(house, queues[0])
    anna.do("POST", f"/desk/conversations/{visitor.id}/accept")
    path = shown = f"/desk/cards/{visitor.id}"
    if subject == "contact":
        path = shown = f"/desk/contacts/{anna.get(shown)['contact']}"
    seen = [anna.get(shown)["etag"]]
    for value in ("1101", "2202", None):
        told = anna.do("PATCH", path, {"fields": {"order": value}})["etag"]
        assert told == anna.get(shown)["etag"]
        seen.append(told)
    assert len({*seen[:3]}) == 3
    anna.do("PATCH", path, {"fields": {"order": "3303"}})
    stale = anna.ask("PATCH", path, {"fields": {"order": "4404"}}, **{"If-Match": f'"{seen[2]}"'})
    assert stale.status_code == 412


def test_every_desk_is_told_in_its_own_topic_of_what_an_administrator_edits(
    house, queues, admin, agents
):
    live = SqlLive(house.appliance.office.database)
    ids = [one.get("/desk/me")["id"] for one in agents[:2]]
    before = {one: live.head(f"agent/{one}") for one in ids}
    on_the_floor = live.head("floor")
    admin.do("POST", "/labels", label(kind="away", word="errand"), 201)
    admin.do("POST", "/fields", field(), 201)
    reply = {"shortcut": "hello", "texts": {"en": "Hello"}, "queue": None}
    made = admin.do("POST", "/canned", reply, 201)
    admin.do("DELETE", f"/canned/{made['id']}", status=204)
    admin.do("PATCH", f"/queues/{queues[0]}", {"name": "Renamed"})
    told = ["label.set", "field.set", "canned.set", "canned.removed", "queue.set"]
    for one in ids:
        assert [event.kind for event in live.read(f"agent/{one}", before[one])] == told
    assert [event.kind for event in live.read("floor", on_the_floor)] == told
