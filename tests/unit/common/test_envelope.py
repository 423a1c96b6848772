from __future__ import annotations

import pytest

from common.wire.envelope import Item, event_of, read, write

EVENT_ID = "0123456789abcdef0123456789abcdef"


def test_what_is_written_is_read_again_whatever_its_bytes() -> None:
    items = [
        Item({"type": "attachment", "filename": "a\n{}"}, b"\n\n{}\n\x00"),
        Item({"type": "odd"}, b""),
    ]
    head, found = read(write({"event_id": EVENT_ID}, items))
    assert head == {"event_id": EVENT_ID}
    assert [(one.kind, one.filename, one.payload) for one in found] == [
        ("attachment", "a\n{}", b"\n\n{}\n\x00"),
        ("odd", "", b""),
    ]


def test_an_item_without_a_length_ends_with_its_line() -> None:
    _head, items = read(b'{}\n{"type":"attachment"}\nabc\n\n{"type":"x","length":1}\n\n\n')
    assert [(one.kind, one.payload) for one in items] == [("attachment", b"abc"), ("x", b"\n")]


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[1]", b"[" * 100_000, b'{}\n{"length":9}\nabc', b'{}\n{"length":-1}\n']
)
def test_what_is_no_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each in its own words
        read(body)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"event_id":"' + EVENT_ID.upper().encode() + b'"}\n', EVENT_ID),
        (b'{"event_id":"01234567-89ab-cdef-0123-456789abcdef"}', EVENT_ID),
        (b'{"event_id":"../../etc"}\n', ""),
        (b'{"event_id":7}\n', ""),
        (b"\xff\xfe", ""),
    ],
)
def test_the_event_that_an_envelope_belongs_to(body: bytes, name: str) -> None:
    assert event_of(body) == name
