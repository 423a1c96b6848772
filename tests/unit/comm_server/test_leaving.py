"""Bytes that nobody understands, as they leave the site."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace

import pytest

from comm_server.leaving import Leaving, as_it_leaves
from comm_server.scrub import Phones
from common.wire.envelope import Item, read, write
from tests.support.site import TestSite, crash, envelope

ID = "0" * 31 + "1"
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x01password=hunter2"
NOTE = "password=hunter2 来电 13812345678\n"


def leave(
    body: bytes, encoding: str = "", error: str = "not JSON", *, binary: bool = False
) -> Leaving:
    return as_it_leaves(body, encoding, error, Phones(), binary=binary, most=2**20)


def kept(*items: Item, binary: bool = False) -> tuple[list[Item], dict[str, int]]:
    """What leaves of attachments."""
    body = write({"event_id": ID}, items)
    left = leave(body, error="kept as sent: 1 attachment", binary=binary)
    head, found = read(left.data)
    assert head == {"event_id": ID}
    return found, dict(left.counts)


def file(name: str, data: bytes) -> Item:
    return Item({"type": "attachment", "filename": name}, data)


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "utf-16"])
def test_text_files_are_scrubbed_in_their_own_charset(charset: str) -> None:
    (one,), counts = kept(file("a.log", NOTE.encode(charset)))
    assert one.payload.decode(charset) == "password=[scrubbed] 来电 [phone *5678]\n"
    assert counts == {"password": 1, "phone": 1}


def test_json_files_are_scrubbed_by_key_too() -> None:
    data = json.dumps({"cookie": "abc", "n": 1}).encode()
    (one,), counts = kept(file("state.json", data))
    assert json.loads(one.payload) == {"cookie": "[scrubbed]", "n": 1}
    assert counts == {"key": 1}


def test_a_text_file_without_secrets_leaves_byte_for_byte() -> None:
    data = b'{"a":   1}\r\n'
    assert kept(file("a.json", data))[0][0].payload == data


def test_a_picture_stays_and_is_told_by_name_size_and_hash() -> None:
    (one,), counts = kept(file("screen.png", PICTURE))
    assert one.payload == b""
    assert one.header["withheld"]
    assert (one.filename, one.header["size"]) == ("screen.png", len(PICTURE))
    assert one.header["sha256"] == hashlib.sha256(PICTURE).hexdigest()
    assert counts == {"attachment withheld": 1}


def test_a_picture_leaves_as_it_is_where_the_customer_allows_it() -> None:
    (one,), counts = kept(file("screen.png", PICTURE), binary=True)
    assert one.payload == PICTURE
    assert counts == {}


def test_the_name_of_a_file_is_scrubbed_like_any_text() -> None:
    (one,), counts = kept(file("call-13812345678.wav.txt", b"x"))
    assert one.filename == "call-[phone *5678].wav.txt"
    assert counts == {"phone": 1}


@pytest.mark.parametrize("body", [b"", b"\xff\xfenot json", b"{broken", b"\x00\x01\x02"])
def test_poison_without_secrets_goes_home_byte_for_byte(body: bytes) -> None:
    assert leave(body) == Leaving(body, "", leave(body).counts)


def test_poison_is_scrubbed_where_it_is_text() -> None:
    left = leave(b'{"password": "hunter2", broken 13812345678')
    assert left.data == b'{"password": "[scrubbed]", broken [phone *5678]'
    left = leave(b"\x00\x01\x02password=hunter2\x00\xff\xfe")
    assert left.data == b"\x00\x01\x02password=[scrubbed]\x00\xff\xfe"
    assert left.counts == {"password": 1}


def test_compressed_poison_is_expanded_to_be_scrubbed() -> None:
    data = gzip.compress(b'{"token": "abcdef", broken')
    assert leave(data, "gzip") == Leaving(
        b'{"token": "[scrubbed]", broken', "", leave(data, "gzip").counts
    )
    cut = gzip.compress(b"password=hunter2 " * 1000)[:-20]
    left = leave(cut, "gzip")
    assert left.encoding == ""
    assert b"hunter2" not in left.data


def test_what_cannot_be_expanded_goes_home_as_it_came() -> None:
    assert leave(b"no gzip at all", "gzip") == Leaving(
        b"no gzip at all", "gzip", leave(b"", "").counts
    )


def test_a_bundle_holds_them_scrubbed_and_counts_it(site: TestSite) -> None:
    attachment = file("a.log", NOTE.encode())
    payload = json.dumps(crash(1)).encode()
    event = Item({"type": "event"}, payload)
    site.take(write({"event_id": ID}, [event, attachment]))
    site.take(b"password=hunter2 {broken")
    site.report()
    opened = site.opened(site.bundle()).bundle
    assert b"hunter2" not in b"".join(opened.raw.values())
    assert min(opened.raw.values()) == b"password=[scrubbed] {broken"
    assert opened.manifest["scrubbed"] == {"password": 2, "phone": 1}


def test_the_setting_reaches_the_bundle(site: TestSite) -> None:
    site.take(write({"event_id": ID}, [file("screen.png", PICTURE)]))
    site.report()
    settings = site.parts.settings
    allowed = replace(settings.current.scrub, binary_attachments=True)
    settings.current = replace(settings.current, scrub=allowed)
    (raw,) = site.opened(site.bundle()).bundle.raw.values()
    assert PICTURE in raw


def test_telephone_numbers_in_reports_follow_the_setting(site: TestSite) -> None:
    site.take(envelope({"event_id": ID, "message": "13812345678 hung up"}))
    site.report()
    (event,) = site.opened(site.bundle()).bundle.reports.values()
    assert event["message"] == "[phone *5678] hung up"
