"""Recordings over REST: in parts, for whom they concern, and each playback on record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.app import recordings_of
from appliance.domain.roles import Role
from appliance.domain.telephony.provider import Channel
from appliance.domain.telephony.recording import What
from appliance.services.telephony.take_call import take_call
from tests.web.appliance.conftest import House
from tests.web.appliance.people import Person
from tests.web.appliance.test_flows import queue_of, tone


@pytest.fixture
def ada(house: House) -> Person:
    house.add("ada", Role.ADMINISTRATOR)
    return Person(house, "ada")


def recorded(house: House, ada: Person, folder: Path) -> tuple[int, int, bytes]:
    """A call's conversation, its recording, and what was said."""
    queue = queue_of(ada)
    office = house.appliance.office
    call = office.floor.write(lambda work: take_call(work, Channel("c", True, "1", "2"), queue))
    kept = recordings_of(house.settings, office, house.clock)
    one = kept.begin(call.conversation, What.CALL, "talk-1-1")
    path = folder / "talk.wav"
    path.write_bytes(wav := tone(8000, 10.0))
    return call.conversation, kept.keep(one, path, lambda _one: None).id, wav


def test_it_is_heard_in_parts_and_the_playback_is_on_record(house, ada, tmp_path):
    conversation, recording, wav = recorded(house, ada, tmp_path)
    (shown,) = ada.do("GET", f"/recordings/of/{conversation}")["items"]
    assert (shown["id"], shown["stage"], shown["seconds"]) == (recording, "kept", 10.0)
    address = ada.do("POST", f"/recordings/{recording}/play")["address"].removeprefix("/api/v1")
    assert ada.ask("GET", address).data == wav
    part = ada.ask("GET", address, Range="bytes=70000-140000")
    assert (part.status_code, part.data) == (206, wav[70000:140001])
    assert part.headers["Content-Range"] == f"bytes 70000-140000/{len(wav)}"
    assert ada.ask("GET", address, Range="bytes=-100").data == wav[-100:]
    assert ada.ask("GET", address, Range="bytes=999999999-").status_code == 416
    lines = [one for one in house.appliance.office.audit.latest(20) if one.who == "ada"]
    assert sum(one.what == "recording.played" for one in lines) == 1


def test_a_player_shows_its_peaks_and_the_notes_at_its_moments(house, ada, tmp_path):
    _conversation, recording, _wav = recorded(house, ada, tmp_path)
    shown = ada.do("GET", f"/recordings/{recording}")
    assert (len(shown["peaks"]), shown["gaps"], shown["notes"]) == (400, [], [])
    assert min(shown["peaks"]) > 50  # a tone, all along
    for at, text in ((7.5, "angry here"), (2.0, "asks for a refund"), (99.0, "the end")):
        (*_, note) = ada.do("POST", f"/recordings/{recording}/notes", {"at": at, "text": text})[
            "items"
        ]
    notes = ada.do("GET", f"/recordings/{recording}")["notes"]
    assert [(one["at"], one["text"], one["mine"]) for one in notes] == [
        (2.0, "asks for a refund", True), (7.5, "angry here", True), (10.0, "the end", True),
    ]  # fmt: skip
    house.add("sue", Role.SUPERVISOR)
    sue = Person(house, "sue")
    assert [one["mine"] for one in sue.do("GET", f"/recordings/{recording}")["notes"]] == [
        False
    ] * 3
    path = f"/recordings/{recording}/notes/{note['id']}"
    assert sue.ask("DELETE", path).status_code == 404
    assert len(ada.do("DELETE", path)["items"]) == 2
    lines = [one["what"] for one in ada.do("GET", "/audit?what=recording.note")["items"]]
    assert lines == ["recording.note_removed", *["recording.noted"] * 3]


def test_it_is_saved_as_a_file_by_permission_and_that_is_on_record(house, ada, tmp_path):
    conversation, recording, wav = recorded(house, ada, tmp_path)
    address = ada.do("POST", f"/recordings/{recording}/export")["address"].removeprefix("/api/v1")
    saved = ada.ask("GET", address)
    assert saved.data == wav
    assert saved.headers["Content-Disposition"].startswith("attachment")
    address = ada.do("POST", f"/recordings/{recording}/play")["address"].removeprefix("/api/v1")
    assert ada.ask("GET", address).headers["Content-Disposition"].startswith("inline")
    lines = [one.what for one in house.appliance.office.audit.latest(20) if one.who == "ada"]
    assert lines.count("recording.exported") == 1
    house.add("bo", Role.AGENT)
    bo = Person(house, "bo")
    mine = bo.do("GET", "/desk/me")["id"]
    floor = house.appliance.office.floor
    floor.write(lambda work: work.save(replace(work.conversation(conversation), last_agent=mine)))
    assert bo.ask("POST", f"/recordings/{recording}/play").status_code == 200
    assert bo.ask("POST", f"/recordings/{recording}/export").status_code == 403


def test_whoever_has_no_part_hears_nothing(house, ada, tmp_path):
    conversation, recording, _wav = recorded(house, ada, tmp_path)
    house.add("bo", Role.AGENT)
    bo = Person(house, "bo")
    assert bo.ask("GET", f"/recordings/of/{conversation}").status_code == 403
    assert bo.ask("POST", f"/recordings/{recording}/play").status_code == 403
    address = ada.do("POST", f"/recordings/{recording}/play")["address"].removeprefix("/api/v1")
    assert bo.ask("GET", address).status_code == 404
    assert ada.ask("GET", "/recordings/sound/nonsense").status_code == 404


def test_an_address_holds_for_an_hour(house, ada, tmp_path):
    _conversation, recording, _wav = recorded(house, ada, tmp_path)
    address = ada.do("POST", f"/recordings/{recording}/play")["address"].removeprefix("/api/v1")
    house.clock.advance(3700)
    ada = Person(house, "ada")
    assert ada.ask("GET", address).status_code in {401, 410}
