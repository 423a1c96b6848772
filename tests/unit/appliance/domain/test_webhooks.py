from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.webhooks import PAUSES, may_reach, next_try, signature, wants

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [(["*"], True), (["conversation.*"], True), (["conversation.end"], True),
     (["conversation"], False), (["conversation.en"], False), (["message.*"], False), ([], False)],
)  # fmt: skip
def test_a_hook_hears_of_what_it_wants(kinds, wanted):
    assert wants(kinds, "conversation.end") is wanted


def test_the_signature_is_that_of_standard_webhooks():
    # The example of the specification, and the same by hand.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = '{"test": 2432232314}'
    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    text = f"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{body}".encode()
    assert found[3:] == base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.9", "172.16.0.1", "169.254.169.254", "0.0.0.0",
     "100.64.0.1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "224.0.0.1", "255.255.255.255",
     "ff02::1", "::", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1",
     "2002:a00:1::1", "2001::1", "fec0::1"],
)  # fmt: skip
def test_a_hook_reaches_nothing_that_is_not_open_to_the_world(address):
    assert not may_reach(address, [])


def test_a_hook_reaches_the_world_and_what_was_allowed():
    assert may_reach("93.184.215.14", [])
    assert may_reach("2606:4700::1111", [])
    lan = [ipaddress.ip_network("192.168.7.0/24")]
    assert may_reach("192.168.7.20", lan)
    assert may_reach("::ffff:192.168.7.20", lan)
    assert not may_reach("192.168.8.20", lan)


def test_the_pauses_grow_and_end_and_are_spread():
    tries = [next_try(number, NOW) for number in range(1, len(PAUSES) + 1)]
    assert tries == sorted(tries)
    assert next_try(len(PAUSES) + 1, NOW) is None
    spread = {next_try(3, NOW) for _ in range(20)}
    assert len(spread) > 1
    assert all(timedelta(seconds=96) <= one - NOW <= timedelta(seconds=144) for one in spread)
