from __future__ import annotations

import gzip
import json
import random
import tracemalloc
import zlib

import brotli
import pytest
import zstandard

from comm_server.intake.expand import expand, fits, head
from comm_server.intake.interface import PoisonError
from comm_server.intake.plain import PlainIntake
from comm_server.intake.sentry import SentryIntake
from comm_server.settings import IntakeSettings

ID = "a" * 32
KEY = "0123456789abcdef0123456789abcdef"
SENTRY = SentryIntake()
SETTINGS = IntakeSettings()


def envelope(*items: tuple[dict, bytes], header: dict | None = None) -> bytes:
    out = json.dumps({"event_id": ID} if header is None else header).encode() + b"\n"
    for item, payload in items:
        out += json.dumps(item).encode() + b"\n" + payload + b"\n"
    return out


def parse(body: bytes):
    return SENTRY.parse(body, SETTINGS)


def test_an_event_is_taken_by_its_length():
    payload = b'{"message": "line one\\nline two"}'
    parsed = parse(envelope(({"type": "event", "length": len(payload)}, payload)))
    assert parsed.events == [{"message": "line one\nline two", "event_id": ID}]


def test_items_without_length_end_at_the_newline():
    parsed = parse(envelope(({"type": "session"}, b"{}"), ({"type": "event"}, b'{"message":"x"}')))
    assert [e["message"] for e in parsed.events] == ["x"]
    assert parsed.ignored == {"session": 1}


def test_an_empty_envelope_header_is_fine_for_client_reports():
    report = {
        "discarded_events": [{"reason": "queue_overflow", "category": "error", "quantity": 3}]
    }
    parsed = parse(envelope(({"type": "client_report"}, json.dumps(report).encode()), header={}))
    assert parsed.lost == {"client: queue_overflow": 3}


def test_the_store_endpoints_single_object_is_an_event():
    parsed = parse(json.dumps({"event_id": ID, "message": "old raven"}).encode())
    assert parsed.events[0]["message"] == "old raven"


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[1]", envelope(({"type": "event", "length": 99999}, b"{}")),
     envelope(({"type": "event"}, b"{broken")), envelope(({"type": "event"}, b"{}"), header={})],
)  # fmt: skip
def test_poison_is_told_apart(body):
    with pytest.raises(PoisonError):
        parse(body)


def test_an_event_over_the_limit_is_poison():
    with pytest.raises(PoisonError, match="over the limit"):
        SENTRY.parse(
            envelope(({"type": "event"}, b'{"message":"xxxxxxxx"}')), IntakeSettings(most_event=5)
        )


@pytest.mark.parametrize(
    ("headers", "query", "body", "found"),
    [
        ({"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={KEY}"}, {}, b"", KEY),
        ({"Authorization": f"Sentry sentry_key={KEY}"}, {}, b"", KEY),
        ({}, {"sentry_key": KEY}, b"", KEY),
        ({}, {}, envelope(header={"dsn": f"https://{KEY}@localhost:8090/7"}), KEY),
        ({}, {}, envelope(header={"dsn": f"https://{KEY}:secret@localhost/7"}), KEY),
        ({}, {}, b'{"dsn":"https:\\/\\/' + KEY.encode() + b'@localhost\\/7"}\n', KEY),
        ({}, {"sentry_key": "x"}, envelope(header={"dsn": f"https://{KEY}@localhost/7"}), "x"),
        ({}, {}, b'{}\n{"dsn": "https://' + KEY.encode() + b'@localhost/7"}', None),
        ({}, {}, b"\xff\x00", None),
        ({}, {}, b"", None),
    ],
)
def test_the_key_is_found_in_every_place_that_sdks_use(headers, query, body, found):
    assert SENTRY.key_of(headers.get, query.get, body) == found


def test_attachments_and_unknown_items_are_kept_verbatim_without_the_event():
    file = ({"type": "attachment", "length": 5, "filename": "a.log"}, b"a\nb\x00c")
    event = ({"type": "event"}, b'{"message": "has a password"}')
    new = ({"type": "hologram"}, b"??")
    parsed = parse(envelope(event, file, new))
    assert [e["message"] for e in parsed.events] == ["has a password"]
    assert parsed.verbatim == envelope(file, new)
    assert parsed.why == "kept as sent: 1 attachment, 1 hologram"


def test_an_attachment_without_its_event_is_kept():
    file = ({"type": "attachment", "length": 0, "filename": "empty"}, b"")
    assert parse(envelope(file)).verbatim == envelope(file)


@pytest.mark.parametrize("rows", [b"7", b'[3, {"category": "error", "quantity": "many"}]', b"{}"])
def test_a_client_report_of_another_shape_loses_nothing_else(rows):
    report = ({"type": "client_report"}, b'{"discarded_events": ' + rows + b"}")
    parsed = parse(envelope(report, ({"type": "event"}, b'{"message": "x"}')))
    assert len(parsed.events) == 1
    assert sum(parsed.lost.values()) == 0


def test_the_answer_names_the_event_without_parsing():
    assert SENTRY.answer(envelope()) == {"id": ID}
    assert SENTRY.answer(b"{") == {}


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstandard.compress),
     ("br", brotli.compress), ("identity", bytes)],
)  # fmt: skip
def test_every_encoding_is_expanded_under_its_limit(encoding, pack):
    body = pack(b"hello" * 1000)
    assert expand(body, encoding, 5000) == b"hello" * 1000
    assert head(body, encoding).startswith(b"hello")
    with pytest.raises(PoisonError, match="expands beyond"):
        expand(body, encoding, 4999)
    assert fits(body, encoding, 5000)
    assert not fits(body, encoding, 4999)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstandard.compress),
     ("br", lambda data: brotli.compress(data, quality=1)), ("identity", bytes)],
)  # fmt: skip
@pytest.mark.parametrize("data", [b"\0" * 3_000_000, random.Random(1).randbytes(300_000)])
def test_what_a_body_expands_to_is_counted_to_the_byte(encoding, pack, data):
    body = pack(data)
    assert fits(body, encoding, len(data))
    assert not fits(body, encoding, len(data) - 1)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("zstd", zstandard.compress), ("br", brotli.compress)],
)
def test_counting_a_bomb_holds_none_of_it(encoding, pack):
    bomb = pack(b"\0" * 50_000_000)
    tracemalloc.start()
    assert not fits(bomb, encoding, 40_000_000)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_no_gzip_body_so_small_could_be_too_large():
    """Below the bound nothing is expanded: the densest gzip there is stays under it."""
    densest = gzip.compress(b"\0" * 10_000_000)
    assert 1000 < 10_000_000 / len(densest) <= 1032


def test_a_zstd_window_larger_than_http_allows_is_refused():
    settings = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    wide = zstandard.ZstdCompressor(compression_params=settings).compressobj()
    body = wide.compress(bytes(200)) + wide.flush()
    with pytest.raises(PoisonError, match="not valid zstd"):
        expand(body, "zstd", 5000)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)],
)
def test_a_body_that_was_cut_off_is_told(encoding, pack):
    with pytest.raises(PoisonError, match="cut off"):
        expand(pack(bytes(range(256)))[:-9], encoding, 5000)


def test_a_bomb_costs_no_more_memory_than_its_limit():
    bomb = brotli.compress(b"\0" * 50_000_000)
    tracemalloc.start()
    with pytest.raises(PoisonError, match="expands beyond"):
        expand(bomb, "br", 100_000)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd", "br"])
def test_a_broken_body_is_poison(encoding):
    with pytest.raises(PoisonError):
        expand(b"\x00nonsense", encoding, 1000)
    assert isinstance(head(b"\x00nonsense", encoding), bytes)
    assert fits(b"\x00nonsense" * 1000, encoding, 2000)  # it can be kept, and told, as it is


def test_a_plain_report_needs_only_a_message():
    [event] = PlainIntake().parse(b'{"message": "paper out"}', SETTINGS).events
    assert event["message"] == "paper out"


def test_the_same_plain_report_twice_is_one_and_another_id_is_another():
    one = PlainIntake().parse(b'{"message": "x"}', SETTINGS).events[0]["event_id"]
    assert one == PlainIntake().parse(b'{"message": "x"}', SETTINGS).events[0]["event_id"]
    assert (
        one != PlainIntake().parse(b'{"message": "x", "id": "2"}', SETTINGS).events[0]["event_id"]
    )
