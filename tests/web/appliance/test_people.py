"""An administrator looks after people: roles, teams, who is out."""

from __future__ import annotations

from appliance.domain.roles import Role
from tests.web.appliance.conftest import GOOD
from tests.web.appliance.people import Person, Visitor, problem_of, ready


def test_people_are_in_teams_and_a_change_of_role_ends_their_sessions(house, admin):
    house.add("anna", Role.AGENT)
    anna = Person(house, "anna")
    number = anna.get("/me")["id"]
    night = admin.do("POST", "/teams", {"name": "night"}, 201)["id"]
    assert admin.do("PATCH", f"/users/{number}", {"team": night})["team"] == night
    assert anna.get("/me")["team"] == night  # a team is no right: she goes on
    admin.do("PATCH", f"/users/{number}", {"role": "supervisor"})
    assert anna.ask("GET", "/me").status_code == 401
    assert admin.ask("DELETE", f"/teams/{night}").status_code == 204
    assert admin.get(f"/users/{number}")["team"] is None
    problem_of(admin.ask("PATCH", f"/users/{number}", {"team": 999}), 404, "unknown")
    problem_of(admin.ask("PATCH", "/users/999", {"role": "agent"}), 404, "unknown")
    admin.do("POST", "/teams", {"name": "day"}, 201)
    problem_of(admin.ask("POST", "/teams", {"name": "day"}), 422, "invalid")
    told = house.appliance.office.audit.latest(9)
    assert ("anna: role agent -> supervisor", "127.0.0.1") in [
        (line.subject, line.address) for line in told
    ]


def test_there_is_always_somebody_who_can_manage_people(house, admin):
    number = admin.get("/me")["id"]
    for change in ({"role": "agent"}, {"disabled": True}):
        told = problem_of(admin.ask("PATCH", f"/users/{number}", change), 422, "invalid")
        assert "Nobody would be left" in told
    assert admin.get("/me")["role"] == "administrator"


def test_a_forgotten_password_is_replaced_by_one_for_one_use(house, admin):
    house.add("anna", Role.AGENT)
    number = next(u["id"] for u in admin.get("/users")["items"] if u["name"] == "anna")
    new = admin.do("POST", f"/users/{number}/password", {})["one_time_password"]
    (line,) = house.appliance.office.audit.latest(1)
    assert (line.who, line.what, line.address) == ("admin", "user.password_reset", "127.0.0.1")
    assert house.browser().sign_in("anna", GOOD).status_code == 403
    assert house.browser().sign_in("anna", new).location.startswith("/password")


def test_roles_say_what_they_may(admin):
    found = {one["role"]: one for one in admin.get("/roles")["items"]}
    assert "conversations.take" in found["agent"]["permissions"]
    assert "users.manage" not in found["supervisor"]["permissions"]
    assert not found["administrator"]["second_factor_required"]


def test_a_visitor_is_not_left_with_somebody_who_was_disabled(house, admin, queues, agents):
    anna, bo, _chen = agents
    ready(anna)
    visitor = Visitor(house, queues[0])
    anna.do("POST", f"/desk/conversations/{visitor.id}/accept")
    number = anna.get("/desk/me")["id"]
    admin.do("PATCH", f"/users/{number}", {"disabled": True})
    assert visitor.ask("GET", "/standing").json["waits"]
    ready(bo)
    assert [one["id"] for one in bo.get("/desk/conversations")["items"]] == [visitor.id]


def test_messages_left_by_night_follow_the_new_hours_of_their_queue(house, admin, queues, agents):
    def hours(**week: list[str]) -> None:
        form = {"hours": {"zone": "UTC", "week": week, "days": {}}}
        admin.do("PATCH", f"/queues/{queues[0]}", {"form": form})

    hours()
    ready(agents[0])
    visitor = Visitor(house, queues[0], leaves_message=True)
    hours(**{str(day): ["00:00-00:00"] for day in range(7)})
    assert [one["id"] for one in agents[0].get("/desk/conversations")["items"]] == [visitor.id]
