"""Halting and withdrawing at the vendor: signed, named, logged."""

from __future__ import annotations

import pytest

from common.errors import OperatorError
from common.wire.release import Notice
from common.wire.rollout import Terms
from home.publish import approvals, room
from home.publish.releases import Releases
from home.settings import HomeSettings
from tests.support.clock import FakeClock
from tests.unit.home.publish.conftest import PLATFORM, MakePack, Reader


@pytest.fixture
def released(home: HomeSettings, clock: FakeClock, make_pack: MakePack) -> HomeSettings:
    with room.open_releases(home, clock) as releases:
        releases.publish(make_pack("1.0.0"), "Ann")
        releases.promote("phone", "1.0.0", "test", "Ann")
    return home


def notice(reader: Reader, channel: str, version: str = "1.0.0") -> Notice | None:
    return reader.look().notice("phone", channel, version)


def test_a_halt_reaches_every_channel_and_can_be_lifted(
    released: HomeSettings, clock: FakeClock, reader: Reader
) -> None:
    with room.open_releases(released, clock) as releases:
        releases.halt("phone", "1.0.0", "it loses\ncalls", "Bea")
    for channel in ("dev", "test"):
        assert notice(reader, channel) == Notice(withdrawn=False, reason="it loses calls")
    assert room.status(released, clock)["products"]["phone"]["notices"] == {
        "1.0.0": {"withdrawn": False, "reason": "it loses calls"}
    }
    with room.open_releases(released, clock) as releases:
        with pytest.raises(OperatorError, match="--lift"):
            releases.promote("phone", "1.0.0", "stable", "Ann")
        releases.lift("phone", "1.0.0", "Bea")
        with pytest.raises(OperatorError, match="is not halted"):
            releases.lift("phone", "1.0.0", "Bea")
        releases.promote("phone", "1.0.0", "stable", "Ann")
    assert notice(reader, "test") is notice(reader, "stable") is None
    assert reader.sees("stable") == "1.0.0"


def test_withdrawing_is_for_good(
    released: HomeSettings, clock: FakeClock, reader: Reader, make_pack: MakePack
) -> None:
    with room.open_releases(released, clock) as releases:
        releases.halt("phone", "1.0.0", "wait", "Bea")
        releases.withdraw("phone", "1.0.0", "it loses calls", "Bea")
        for attempt in (
            lambda: releases.promote("phone", "1.0.0", "stable", "Ann"),
            lambda: releases.promote("phone", "1.0.0", "test", "Ann", again=True),
            lambda: releases.publish(make_pack("1.0.0"), "Ann"),
        ):
            with pytest.raises(OperatorError, match="was withdrawn"):
                attempt()
        with pytest.raises(OperatorError, match="is not halted"):
            releases.lift("phone", "1.0.0", "Bea")
        releases.publish(make_pack("1.0.1"), "Ann")
    assert notice(reader, "dev") == Notice(withdrawn=True, reason="it loses calls")
    assert reader.sees("dev") == "1.0.1"


def test_each_word_stands_in_the_log_in_its_order(released: HomeSettings, clock: FakeClock) -> None:
    with room.open_releases(released, clock) as releases:
        for _ in range(2):
            releases.halt("phone", "1.0.0", "wait", "Bea")
            releases.halt("phone", "1.0.0", "wait", "Bea")  # the same once more is nothing new
            releases.lift("phone", "1.0.0", "Bea")
        releases.withdraw("phone", "1.0.0", "no", "Bea")
        acts = [row["channel"] for row in approvals.history(_store(releases))]
        assert acts[2:] == ["halt", "lift", "halt", "lift", "withdraw"]
        approvals.check_chain(_store(releases))


def _store(releases: Releases):  # type: ignore[no-untyped-def]
    return releases._store


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301, "bell\a"])
def test_a_reason_is_asked_for(released: HomeSettings, clock: FakeClock, reason: str) -> None:
    with room.open_releases(released, clock) as releases:
        for act in (releases.halt, releases.withdraw):
            with pytest.raises(OperatorError, match="Say why"):
                act("phone", "1.0.0", reason, "Bea")
        with pytest.raises(OperatorError, match="--by"):
            releases.halt("phone", "1.0.0", "wait", " ")
        with pytest.raises(OperatorError, match="was not published"):
            releases.halt("phone", "9", "wait", "Bea")
        with pytest.raises(OperatorError, match="no product"):
            releases.withdraw("desk", "1", "wait", "Bea")


def test_a_release_is_issued_again_where_it_failed(
    released: HomeSettings, clock: FakeClock, reader: Reader
) -> None:
    assert reader.look().issue("phone", "test", "1.0.0") == 0
    for times in (1, 2):
        with room.open_releases(released, clock) as releases:
            pointer = releases.promote("phone", "1.0.0", "test", f"Ann {times}", again=True)
        assert pointer == {PLATFORM: "1.0.0"}
        assert reader.look().issue("phone", "test", "1.0.0") == times
    with room.open_releases(released, clock) as releases:
        releases.halt("phone", "1.0.0", "wait", "Bea")
    assert reader.look().issue("phone", "test", "1.0.0") == 2


def test_what_sites_are_asked_is_signed_with_the_release_and_goes_on_to_the_next_channel(
    home: HomeSettings, clock: FakeClock, reader: Reader, make_pack: MakePack
) -> None:
    terms = Terms(("canary 5%", "all approve"), at_once=10, quiet=3600, may_return=True)
    with room.open_releases(home, clock) as releases:
        releases.publish(make_pack("1.0.0"), "Ann")
        releases.promote("phone", "1.0.0", "test", "Ann", terms=terms)
        releases.promote("phone", "1.0.0", "stable", "Ann")
        releases.halt("phone", "1.0.0", "wait", "Bea")
        releases.lift("phone", "1.0.0", "Bea")
        with pytest.raises(OperatorError, match="needs its per cent"):
            releases.promote("phone", "1.0.0", "stable", "Ann", terms=Terms(("canary", "all")))
    assert reader.look().terms("phone", "stable", "1.0.0") == terms
    asked = room.status(home, clock)["products"]["phone"]["terms"]
    assert [(one["channel"], one["quiet"]) for one in asked] == [("test", 3600), ("stable", 3600)]
    with room.open_releases(home, clock) as releases:
        releases.promote("phone", "1.0.0", "stable", "Ann", terms=Terms(quiet=60))
        releases.publish(make_pack("1.0.1"), "Ann")
        releases.promote("phone", "1.0.1", "test", "Ann")
    assert reader.look().terms("phone", "stable", "1.0.0") == Terms(quiet=60)
    assert reader.look().terms("phone", "test", "1.0.1") == Terms()
    assert reader.look().terms("phone", "test", "1.0.0") == Terms(), "nothing is at it any more"
