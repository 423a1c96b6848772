"""Flows, numbers and prompts over REST."""

from __future__ import annotations

import io
import math
import wave
from array import array

import pytest

from appliance.domain.roles import Role
from tests.web.appliance.conftest import House
from tests.web.appliance.people import Person, problem_of

SAY = [{"text": "Welcome", "language": "en"}]


@pytest.fixture
def ada(house: House) -> Person:
    house.add("ada", Role.ADMINISTRATOR)
    return Person(house, "ada")


def form(queue: int) -> dict[str, object]:
    return {
        "start": "menu",
        "steps": {
            "menu": {"kind": "menu", "say": SAY, "keys": {"1": "sales"},
                     "ways": {"otherwise": "bye"}, "tries": 2, "seconds": 4.0},
            "sales": {"kind": "queue", "queue": queue},
            "bye": {"kind": "hang_up"},
        },
    }  # fmt: skip


def queue_of(ada: Person) -> int:
    return int(ada.do("POST", "/queues", {"name": "Sales"}, 201)["id"])


def tone(rate: int, seconds: float, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        every = range(int(rate * seconds))
        samples = (round(9000 * math.sin(2 * math.pi * 440 * n / rate)) for n in every)
        file.writeframes(array("h", (s for s in samples for _ in range(channels))).tobytes())
    return out.getvalue()


def test_a_flow_is_drafted_tried_published_and_its_versions_are_kept(house, ada):
    queue = queue_of(ada)
    made = ada.do("POST", "/flows", {"name": "Main"}, 201)
    assert [one["what"] for one in made["troubles"]] == ["empty"]
    path = f"/flows/{made['id']}"
    refused = ada.ask("POST", f"{path}/publish")
    assert "The flow has no steps" in problem_of(refused, 422, "invalid")
    wrong = form(queue) | {"start": "nowhere"}
    draft = ada.do("PATCH", path, {"form": wrong})
    assert draft["troubles"][0]["sentence"].startswith("The flow begins at 'nowhere'")
    ada.do("PATCH", path, {"form": form(queue)})
    assert ada.do("POST", f"{path}/publish")["version"] == 1
    ada.do("PATCH", path, {"name": "Main line"})
    assert ada.do("POST", f"{path}/publish")["version"] == 2
    versions = ada.do("GET", f"{path}/versions")["items"]
    first = ada.do("GET", f"{path}/versions?most=1")
    assert (first["items"], first["cursor"]) == (versions[:1], 2)
    assert ada.do("GET", f"{path}/versions?most=1&after=2") == {"items": versions[1:], "cursor": 0}
    assert [(one["number"], one["by"]) for one in versions] == [(2, "ada"), (1, "ada")]
    assert versions[1]["form"] == form(queue)
    walk = ada.do(
        "POST", "/flows/try", {"form": form(queue), "keys": "1", "at": "2026-11-22T20:00:00+08:00"}
    )
    assert [one["step"] for one in walk["items"]] == ["menu", "sales"]
    assert "was published" in problem_of(ada.ask("DELETE", path), 422, "invalid")


def test_a_flow_that_is_none_is_refused_with_where(ada):
    sent = {"name": "X", "form": {"start": "a", "steps": {"a": {"kind": "dance"}}}}
    assert "The step a has no kind" in problem_of(ada.ask("POST", "/flows", sent), 422, "invalid")


def test_a_number_leads_to_a_queue_through_a_flow(ada):
    queue = queue_of(ada)
    flow = ada.do("POST", "/flows", {"name": "Main", "form": form(queue)}, 201)["id"]
    here, body, new = "/numbers/+8610555", {"queue": queue}, {"If-None-Match": "*"}
    problem_of(ada.ask("PUT", here, body), 412, "precondition-failed")  # it is not there
    first = ada.ask("PUT", here, body, **new).json
    again = ada.ask("PUT", here, body, **new)
    problem_of(again, 412, "precondition-failed")
    assert again.json["kind"] == "already-there"
    stale = {"If-Match": f'"{first["etag"]}"'}
    led = ada.ask("PUT", here, {"queue": queue, "flow": flow}, **stale).json
    for method, sent in (("PUT", body), ("DELETE", None)):
        problem_of(ada.ask(method, here, sent, **stale), 412, "precondition-failed")
    ada.ask("PUT", "/numbers/7", body, **new)
    pages = [ada.do("GET", "/numbers?most=1"), ada.do("GET", "/numbers?most=1&after=%2B8610555")]
    assert pages[0] == {"items": [led], "cursor": "+8610555"}
    assert ([one["number"] for one in pages[1]["items"]], pages[1]["cursor"]) == (["7"], "")
    assert led == {"number": "+8610555", "queue": queue, "flow": flow, "etag": led["etag"]}
    assert "leads to this flow" in problem_of(ada.ask("DELETE", f"/flows/{flow}"), 422, "invalid")
    assert ada.ask("DELETE", "/numbers/+8610555").status_code == 204
    assert ada.ask("DELETE", f"/flows/{flow}").status_code == 204


def test_a_recording_is_uploaded_as_the_switch_plays_it_and_kept_while_a_flow_needs_it(ada):
    upload = {"name": "Hello", "file": (io.BytesIO(tone(44_100, 0.5, 2)), "hello.wav")}
    made = ada.send("/prompts", upload)
    assert made.status_code == 201, made.text
    assert made.json["seconds"] == pytest.approx(0.5, abs=0.01)
    heard = ada.ask("GET", f"/prompts/{made.json['id']}/sound")
    with wave.open(io.BytesIO(heard.data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16_000, 1, 8_000)
    steps = {"bye": {"kind": "hang_up", "say": [{"recording": made.json["id"]}]}}
    ada.do("POST", "/flows", {"name": "Main", "form": {"start": "bye", "steps": steps}}, 201)
    gone = ada.ask("DELETE", f"/prompts/{made.json['id']}")
    assert "Main plays this recording" in problem_of(gone, 422, "invalid")


def test_what_is_no_sound_is_refused_with_what_to_do(ada):
    upload = {"name": "Hello", "file": (io.BytesIO(b"MP3"), "hello.mp3")}
    refused = ada.send("/prompts", upload)
    assert "Save it as WAV" in problem_of(refused, 422, "invalid")
    assert refused.json["kind"] == "sound-no-wav"


def test_a_text_that_cannot_be_spoken_is_refused_with_what_to_do_and_no_folder_of_the_machine(
    house, ada
):
    def refusal(language: str) -> tuple[str, str]:
        answer = ada.ask("GET", f"/prompts/spoken?text=Hello&language={language}")
        assert answer.status_code == 422
        return answer.json["kind"], answer.json["detail"]

    kind, detail = refusal("en")  # there is no switch here
    assert kind == "not-spoken"
    assert "/switch" not in detail
    assert refusal("fr")[0] == "voice-unknown"


def test_an_agent_draws_no_flows(house):
    house.add("bo", Role.AGENT)
    problem_of(Person(house, "bo").ask("GET", "/flows"), 403, "forbidden")
