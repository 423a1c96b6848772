"""Files of conversations, over REST: what is taken, and how it is fetched."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from appliance.services.attach import sweep
from appliance.settings.chat import AttachmentSettings, ChatSettings
from appliance.store.files import AttachmentFiles
from appliance.store.sealed import keys_in_use, seal_again
from tests.web.appliance.conftest import ORIGIN, House
from tests.web.appliance.people import Person, Visitor, problem_of, ready

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100
UNICODE_NAME = "截图 1.png"


def send(visitor: Visitor, key: str, name: str, content: bytes, text: str = "") -> Any:
    file = FileStorage(io.BytesIO(content), name)
    boundary, body = encode_multipart({"key": key, "text": text, "file": file})
    return visitor.ask(
        "POST", "/attachments", data=body, content_type=f"multipart/form-data; boundary={boundary}"
    )


def on_disk(house: House) -> list[str]:
    folder = house.appliance.office.folder / "attachments"
    return sorted(path.name for path in folder.glob("*/*"))


@pytest.mark.two_nodes
def test_a_file_goes_both_ways_and_is_fetched_from_a_signed_address(house: House, agents, queues):
    anna, bo, _chen = agents
    ready(anna)
    visitor = Visitor(house, queues[0])
    here = f"/desk/conversations/{visitor.id}"
    anna.do("POST", f"{here}/accept")
    sent = send(visitor, "k1", UNICODE_NAME, PNG, "look")
    assert sent.status_code == 200, sent.text
    file = sent.json["attachment"]
    assert (file["name"], file["type"], file["size"], file["shown"]) == (
        UNICODE_NAME, "image/png", len(PNG), True,
    )  # fmt: skip
    (message,) = anna.get(f"{here}/messages")["items"]
    assert (message["text"], message["attachment"]) == ("look", file)
    assert anna.get("/desk/board")["cards"][0]["last"]["file"] == UNICODE_NAME
    address = anna.get(f"{here}/attachments/{file['id']}")["address"]
    with house.appliance.flask.test_client().get(address, base_url=ORIGIN) as answer:
        assert answer.data == PNG
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    problem_of(bo.ask("GET", f"{here}/attachments/{file['id']}"), 403, "not-yours")
    anna.get("/desk/me")
    theirs = anna._client.post(
        f"/api/v1{here}/attachments", base_url=ORIGIN, headers={"X-CSRF-Token": anna._token},
        data={"key": "a1", "file": (io.BytesIO(b"%PDF-1.4"), "offer.pdf")},
    )  # fmt: skip
    assert theirs.status_code == 200, theirs.text
    seen = visitor.ask("GET", f"/attachments/{theirs.json['attachment']['id']}").json
    with visitor._client.get(seen["address"], base_url=ORIGIN) as fetched:
        assert fetched.data == b"%PDF-1.4"


def test_a_note_with_a_file_is_not_the_visitors(house: House, agents, queues):
    ready(agents[0])
    visitor = Visitor(house, queues[0])
    path = f"/api/v1/desk/conversations/{visitor.id}/attachments"
    agents[0].do("POST", f"/desk/conversations/{visitor.id}/accept")
    agents[0].get("/desk/me")
    note = agents[0]._client.post(
        path, base_url=ORIGIN, headers={"X-CSRF-Token": agents[0]._token},
        data={"key": "a1", "internal": "true", "file": (io.BytesIO(b"secret"), "note.txt")},
    )  # fmt: skip
    assert note.json["internal"] is True
    problem_of(visitor.ask("GET", f"/attachments/{note.json['attachment']['id']}"), 404, "unknown")


def test_the_address_expires_and_cannot_be_made(house: House, queue: int):
    visitor = Visitor(house, queue)
    file = send(visitor, "k1", "a.png", PNG).json["attachment"]
    address = visitor.ask("GET", f"/attachments/{file['id']}").json["address"]
    client = house.public.flask.test_client()
    with client.get(address, base_url=ORIGIN) as answer:
        assert answer.status_code == 200
    for wrong in (address[:-2], "/api/v1/files/nonsense", f"/api/v1/files/{file['id']}"):
        problem_of(client.get(wrong, base_url=ORIGIN), 404, "not-found")
    house.clock.advance(minutes=31)
    assert "no more" in problem_of(client.get(address, base_url=ORIGIN), 410, "gone")


def test_one_visitors_key_opens_no_other_ones_file(house: House, queue: int):
    one, two = Visitor(house, queue), Visitor(house, queue)
    file = send(one, "k1", "a.png", PNG).json["attachment"]
    problem_of(two.ask("GET", f"/attachments/{file['id']}"), 404, "unknown")


@pytest.mark.two_nodes
def test_the_same_key_is_the_same_file(house: House, queue: int):
    visitor = Visitor(house, queue)
    assert send(visitor, "k1", "a.png", PNG).json == send(visitor, "k1", "a.png", PNG).json
    assert len(on_disk(house)) == 1


def test_what_is_not_taken_leaves_nothing_on_disk(build):
    small = ChatSettings(attachments=AttachmentSettings(most_mib=1))
    house = build(chat=small)
    house.signed_in()
    queue = Person(house, "admin").do("POST", "/queues", {"name": "sales"}, 201)["id"]
    visitor = Visitor(house, queue)
    for name, content, told in (
        ("a.exe", b"MZ", "Files of this kind are not taken"),
        ("a.png", b"<script>alert(1)</script>", "something else"),
        ("a.txt", b"", "empty"),
        ("a.txt", b"x" * (2**20 + 1), "larger than 1 MiB"),
        ("a.txt", b"x" * (2**21), "larger than 1 MiB"),
    ):
        assert told in problem_of(send(visitor, "k1", name, content), 422, "not-taken")
    assert on_disk(house) == []
    assert visitor.heard() == []


def test_a_form_that_is_not_as_described_is_refused(house: House, queue: int):
    visitor = Visitor(house, queue)
    for form in (
        {}, {"key": "k1"}, {"key": "k1", "file": "no file but words"}, {"file": "x"},
        {"key": "k\0", "file": FileStorage(io.BytesIO(PNG), "a.png")},
        {"key": "k1", "extra": "x", "file": FileStorage(io.BytesIO(PNG), "a.png")},
    ):  # fmt: skip
        boundary, body = encode_multipart(form)
        kind = f"multipart/form-data; boundary={boundary}"
        answer = visitor.ask("POST", "/attachments", data=body, content_type=kind)
        problem_of(answer, 422, "invalid")


def test_a_conversation_has_so_many_files_and_no_more(house: House, queue: int):
    few = replace(ChatSettings(), attachments=AttachmentSettings(most_files=1))
    house.change_settings(chat=few)
    visitor = Visitor(house, queue)
    assert send(visitor, "k1", "a.png", PNG).status_code == 200
    assert "at most 1" in problem_of(send(visitor, "k2", "a.png", PNG), 422, "invalid")
    assert len(on_disk(house)) == 1


def test_what_lies_on_the_disk_is_sealed_and_any_part_of_it_is_fetched(house: House, queue: int):
    visitor = Visitor(house, queue)
    content = b"\x89PNG\r\n\x1a\n" + os.urandom(200_000)
    file = send(visitor, "k1", "a.png", content).json["attachment"]["id"]
    (path,) = (house.appliance.office.folder / "attachments").glob(f"*/{file}")
    assert content[:64] not in path.read_bytes()
    assert content[100_000:100_064] not in path.read_bytes()
    address = visitor.ask("GET", f"/attachments/{file}").json["address"]
    client = house.public.flask.test_client()

    def fetched(**headers: str) -> tuple[int, bytes]:
        with client.get(address, base_url=ORIGIN, headers=headers) as answer:
            return answer.status_code, answer.data

    def holds() -> None:
        assert fetched() == (200, content)
        assert fetched(Range="bytes=65530-131080") == (206, content[65530:131081])
        assert fetched(Range="bytes=-7") == (206, content[-7:])

    holds()
    office = house.appliance.office
    before = office.vault.add_key()
    assert list(seal_again(office.database, office.vault))
    assert set(keys_in_use(office.database)) == {before}
    office.vault.forget_all_but([before])
    holds()
    assert fetched(Range="bytes=900000-")[0] == 416


def test_what_a_kill_left_behind_is_swept_and_what_is_named_stays(house: House, queue: int):
    visitor = Visitor(house, queue)
    kept = send(visitor, "k1", "a.png", PNG).json["attachment"]["id"]
    files = AttachmentFiles(
        house.appliance.office.folder / "attachments", house.appliance.office.vault
    )
    orphan = files.put(io.BytesIO(b"half"), 100).id
    part = files.path(orphan).with_suffix(".part")
    part.write_bytes(b"quarter")
    now = house.clock.now().timestamp()
    old = now - 3700
    for path in (files.path(kept), files.path(orphan), part):
        os.utime(path, (now, now))
    floor = house.appliance.office.floor
    assert sweep(floor, files, house.clock) == 0  # its transaction may still come
    for path in (files.path(kept), files.path(orphan), part):
        os.utime(path, (old, old))
    assert sweep(floor, files, house.clock) == 1
    assert on_disk(house) == [kept]
