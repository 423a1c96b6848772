from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from common.errors import OperatorError, RefusedError
from common.wire import bundle as wire
from common.wire.join_code import JoinCode, decode, encode
from common.wire.release import (
    Data,
    File,
    Health,
    Manifest,
    read_channel,
    read_issues,
    read_manifest,
)
from common.wire.signing import public_text, sign, verify

SITE_KEY = Ed25519PrivateKey.generate()
VENDOR = X25519PrivateKey.generate()
PUBLIC = VENDOR.public_key().public_bytes_raw()
KEYS = {wire.recipient_id(PUBLIC): VENDOR}
BUNDLE = wire.Bundle(
    manifest={"site": "s-1", "sequence": 7, "previous": None},
    reports={"a" * 32: {"message": "电话"}},
    raw={"9": b"\xff\x00"},
    logs=[{"at": "t", "line": "x"}],
    environment={"cpus": 2},
    receipts=[{"statement": {}}],
)


def test_a_sealed_bundle_opens_to_what_was_put_in():
    sealed = wire.seal(BUNDLE, SITE_KEY, PUBLIC)
    opened = wire.unseal(sealed, KEYS)
    assert opened.bundle == BUNDLE
    assert (opened.site, opened.sequence) == ("s-1", 7)
    assert opened.public_key == public_text(SITE_KEY)
    assert "电话".encode() not in sealed


@given(st.data())
def test_any_changed_byte_is_refused(data):
    sealed = bytearray(wire.seal(BUNDLE, SITE_KEY, PUBLIC))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(RefusedError):
        wire.unseal(bytes(sealed), KEYS)


@given(st.integers(0, 400))
def test_a_cut_bundle_is_refused(length):
    with pytest.raises(RefusedError):
        wire.unseal(wire.seal(BUNDLE, SITE_KEY, PUBLIC)[:length], KEYS)


def test_a_bundle_for_somebody_else_is_refused():
    other = X25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(RefusedError) as caught:
        wire.unseal(wire.seal(BUNDLE, SITE_KEY, other), KEYS)
    assert caught.value.kind == "recipient"


def test_a_statement_that_was_changed_is_refused():
    signed = sign({"a": 1}, SITE_KEY)
    assert verify(signed, public_text(SITE_KEY)) == {"a": 1}
    signed["statement"]["a"] = 2
    with pytest.raises(RefusedError, match="does not fit"):
        verify(signed, public_text(SITE_KEY))


@pytest.mark.parametrize("odd", [None, {}, {"statement": 1}, {"statement": {}, "signature": "x"}])
def test_what_is_no_signed_statement_is_refused(odd):
    with pytest.raises(RefusedError):
        verify(odd, public_text(SITE_KEY))


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_a_join_code_reads_back_as_it_was_misread_aloud(secret, fingerprint):
    code = JoinCode(secret, fingerprint)
    text = encode(code)
    assert decode(text) == code
    assert decode(text.lower().replace("-", " ").replace("0", "o").replace("1", "l")) == code


@pytest.mark.parametrize(
    "text", ["", "ABC", "U" * 32, encode(JoinCode(b"x" * 10, b"y" * 10)) + "0"]
)
def test_a_mistyped_code_is_told_so(text):
    with pytest.raises(OperatorError, match="letters and digits"):
        decode(text)


MANIFEST = Manifest(
    product="companion",
    version="1.0.0",
    platform="linux-x86_64",
    start=("companion",),
    files=(File("companion", 0o755, 3, "0" * 64), File("lib/x.so", 0o644, 0, "1" * 64)),
)


def parsed(**changes):
    return json.loads(MANIFEST.to_bytes()) | changes


def test_a_manifest_reads_back_with_the_same_digest():
    assert read_manifest(parsed()) == MANIFEST
    assert read_manifest(parsed()).digest == MANIFEST.digest


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "a\\b", "", "a//b", "./a", "a/", "a\0b"]
)
def test_a_path_that_leaves_the_slot_is_refused(path):
    file = {"path": path, "mode": "644", "size": 0, "sha256": "0" * 64}
    with pytest.raises(RefusedError):
        read_manifest(parsed(files=[*parsed()["files"], file]))


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"product": "Companion"},
        {"version": "one"},
        {"start": []},
        {"start": ["absent"]},
        {"files": "x"},
        {"files": parsed()["files"] * 2},
        {"health": {}},
    ],
)
def test_a_manifest_that_breaks_its_rules_is_refused(changes):
    with pytest.raises(RefusedError):
        read_manifest(parsed(**changes))


def test_set_uid_and_other_special_bits_are_dropped():
    file = {"path": "companion", "mode": "4755", "size": 0, "sha256": "0" * 64}
    assert read_manifest(parsed(files=[file])).files[0].mode == 0o755


def test_another_channels_pointer_is_refused():
    value = {"format": 1, "product": "companion", "channel": "dev", "releases": {"linux": "1.0"}}
    assert read_channel(value, "companion", "dev") == {"linux": "1.0"}
    for product, channel in (("companion", "stable"), ("desk", "dev")):
        with pytest.raises(RefusedError):
            read_channel(value, product, channel)
    with pytest.raises(RefusedError):
        read_channel(value | {"releases": {"linux": "new"}}, "companion", "dev")


def test_a_bundle_names_its_site_in_seal_and_manifest_alike():
    odd = replace(BUNDLE, manifest={"site": "s-1", "sequence": "7", "previous": None})
    with pytest.raises(RefusedError):
        wire.unseal(wire.seal(odd, SITE_KEY, PUBLIC), KEYS)


RULED = Manifest(
    "phone", "1.4.0", "linux-x86_64", ("run",), (File("run", 0o755, 1, "a" * 64),),
    health=Health("/healthz", check=("run", "--check")),
    data=Data(3, "1.2.0", ("calls.db",), ("run", "--copy")), floor="1.3.0", critical=True,
)  # fmt: skip


def test_a_manifest_brings_its_rules_and_is_the_same_bytes_again():
    read = read_manifest(json.loads(RULED.to_bytes()))
    assert read == RULED
    assert read.digest == RULED.digest


def test_rules_at_their_defaults_leave_no_trace_so_that_old_manifests_keep_their_digest():
    plain = replace(RULED, data=Data(), floor="", critical=False)
    assert {"data", "floor", "critical"}.isdisjoint(json.loads(plain.to_bytes()))


def test_what_may_run_after_a_release_and_who_reads_its_data():
    assert RULED.may_go_back_to("1.3.0")
    assert not RULED.may_go_back_to("1.2.9")
    assert RULED.data_is_read_by("1.2.0")
    assert not RULED.data_is_read_by("1.1.9")
    plain = replace(RULED, data=Data(), floor="")
    assert plain.may_go_back_to("0.1")
    assert plain.data_is_read_by("0.1")


def test_a_version_that_was_issued_again_is_counted_and_nonsense_counts_as_none():
    assert read_issues({"issues": {"1.0.1": 2}}) == {"1.0.1": 2}
    for value in ([], {}, {"issues": 3}, {"issues": {"1.0.1": "2", "1.0.2": True, "1.0.3": -1}}):
        assert read_issues(value) == {}


@pytest.mark.parametrize(
    "rules",
    [
        {"floor": "1.5.0"}, {"floor": "new"}, {"floor": 7}, {"data": []}, {"data": {"schema": -1}},
        {"data": {"readable_by": "1.4.1"}}, {"data": {"schema": True}},
        {"data": {"readable_by": "1.2.0"}}, {"data": {"databases": ["../other.db"]}},
        {"data": {"databases": "calls.db"}}, {"data": {"hook": ["elsewhere"]}},
        {"health": {"path": "", "within": 1, "steady": 1, "check": ["elsewhere"]}},
    ],
)  # fmt: skip
def test_rules_that_cannot_be_are_refused(rules):
    with pytest.raises(RefusedError) as caught:
        read_manifest(json.loads(RULED.to_bytes()) | rules)
    assert caught.value.kind == "manifest"
