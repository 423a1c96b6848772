"""A conversation as a file: who may have it, what stands in it, what is on record."""

from __future__ import annotations

import json

from appliance.domain.roles import Role
from appliance.services.say_message import Saying, say_message
from tests.web.appliance.conftest import House
from tests.web.appliance.people import Person, Visitor, problem_of, ready


def test_a_supervisor_saves_a_conversation_as_a_page_a_text_and_for_programs(
    house: House, agents, queues
):
    anna = agents[0]
    house.add("sun", Role.SUPERVISOR, "Sun")
    sun = Person(house, "sun")
    ready(anna)
    visitor = Visitor(house, queues[0])
    here = f"/desk/conversations/{visitor.id}"
    anna.do("POST", f"{here}/accept")
    visitor.say("k1", "Where is <b>it</b>? {title}")
    anna.do("POST", f"{here}/messages", {"key": "a1", "text": "On its way"})
    anna.do("POST", f"{here}/messages", {"key": "a2", "text": "asks often", "internal": True})

    problem_of(anna.ask("GET", f"{here}/export"), 403, "forbidden")
    page = sun.ask("GET", f"{here}/export?lang=en&zone=Asia/Shanghai")
    assert page.headers["Content-Disposition"] == (
        f'attachment; filename="conversation-{visitor.id}.html"'
    )
    assert "Where is &lt;b&gt;it&lt;/b&gt;? {title}" in page.text
    assert "Anna, a note for colleagues" in page.text
    assert "Asia/Shanghai" in page.text
    text = sun.ask("GET", f"{here}/export?format=txt&notes=false&lang=zh-CN").text
    assert "Li\nWhere is <b>it</b>? {title}\n" in text
    assert "asks often" not in text
    assert "联系人: Li" in text
    told = json.loads(sun.ask("GET", f"{here}/export?format=json").text)
    assert [one["text"] for one in told["messages"]][-1] == "asks often"
    assert told["conversation"]["id"] == visitor.id
    problem_of(sun.ask("GET", f"{here}/export?zone=Nowhere"), 422, "invalid")
    problem_of(sun.ask("GET", "/desk/conversations/9999/export"), 404, "unknown")
    lines = Person(house, "admin").get("/audit?most=20")["items"]
    assert [one["subject"] for one in lines if one["what"] == "transcript.exported"] == [
        f"conversation {visitor.id} as json", f"conversation {visitor.id} as txt without notes",
        f"conversation {visitor.id} as html",
    ]  # fmt: skip


def test_a_long_conversation_is_saved_to_its_last_word(house: House, agents, queues):
    anna = agents[0]
    house.add("sun", Role.SUPERVISOR, "Sun")
    ready(anna)
    visitor = Visitor(house, queues[0])
    anna.do("POST", f"/desk/conversations/{visitor.id}/accept")
    floor = house.appliance.office.floor

    def speak(work) -> None:
        for number in range(501):
            say_message(work, Saying(visitor.id, f"k{number}", f"line {number}", None), 4000)

    floor.write(speak)
    export = f"/desk/conversations/{visitor.id}/export?format=json"
    told = json.loads(Person(house, "sun").ask("GET", export).text)
    assert told["messages"][-1]["text"] == "line 500"
