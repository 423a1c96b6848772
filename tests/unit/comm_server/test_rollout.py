from __future__ import annotations

from dataclasses import replace

import pytest

from comm_server.rollout.rules import decide, halt_reason
from common.errors import RefusedError
from tests.support.site import TestSite


class TestRules:
    def test_a_release_that_is_here_is_open(self):
        assert decide(mirrored=True, halted_because=None).go

    def test_one_that_is_not_here_waits(self):
        decision = decide(mirrored=False, halted_because=None)
        assert not decision.go
        assert "not reached the site" in decision.reason

    @pytest.mark.parametrize("mirrored", [True, False])
    def test_a_halt_wins_and_says_why(self, mirrored: bool):
        decision = decide(mirrored=mirrored, halted_because="it died")
        assert not decision.go
        assert "it died" in decision.reason

    @pytest.mark.parametrize(
        ("failures", "most", "halts"), [(0, 1, 0), (1, 1, 1), (1, 2, 0), (3, 2, 1)]
    )
    def test_as_many_failures_as_allowed_halt(self, failures: int, most: int, halts: int):
        clients = [(f"seat-{n}", "it died") for n in range(failures)]
        assert bool(halt_reason("1.0.2", clients, most)) == bool(halts)

    def test_the_reason_names_the_first_client_and_how_many_more(self):
        reason = halt_reason("1.0.2", [("seat-1", "it died"), ("seat-2", "too")], 1)
        assert reason == "1.0.2 did not hold on seat-1 and 1 more: it died"


@pytest.fixture
def fleet(site: TestSite) -> TestSite:
    for number in (1, 2, 3):
        site.store.execute(
            "INSERT INTO clients (client, name, platform, certificate_sha256, public_key, "
            "joined_at) VALUES (?, ?, 'linux', ?, 'k', ?)",
            (f"c-{number}", f"seat-{number}", f"f{number}", site.now),
        )
    site.store.execute(
        "INSERT INTO mirrored VALUES ('companion', 'stable', 'linux', '1.0.2', ?)", (site.now,)
    )
    return site


def keep(site: TestSite, client: str = "c-1", **changes: object) -> str:
    statement = {
        "id": f"r-{client}", "client": client, "product": "companion", "version": "1.0.2",
        "outcome": "rolled_back", "reason": "it died", "at": site.now, **changes,
    }  # fmt: skip
    return site.parts.rollout.keep_receipt(client, statement, {"statement": statement})


def allow(site: TestSite, most: int) -> None:
    settings = site.parts.settings.current
    site.parts.settings.current = replace(
        settings, rollout=replace(settings.rollout, most_failures=most)
    )


def go(site: TestSite) -> bool:
    return site.parts.rollout.decide("companion", "1.0.2").go


@pytest.mark.parametrize("outcome", ["failed", "rolled_back"])
def test_the_first_failure_halts_by_default(fleet: TestSite, outcome: str):
    assert go(fleet)
    keep(fleet, outcome=outcome)
    assert not go(fleet)
    assert "seat-1" in fleet.parts.rollout.decide("companion", "1.0.2").reason


@pytest.mark.parametrize("outcome", ["committed", "refused"])
def test_success_and_refusal_halt_nothing(fleet: TestSite, outcome: str):
    keep(fleet, outcome=outcome)
    assert go(fleet)


def test_other_versions_and_products_go_on(fleet: TestSite):
    keep(fleet, version="1.0.1")
    keep(fleet, "c-2", product="other")
    assert go(fleet)


def test_distinct_clients_are_counted_and_not_tries(fleet: TestSite):
    allow(fleet, 2)
    keep(fleet)
    keep(fleet, id="again")
    assert go(fleet)
    keep(fleet, "c-2")
    assert not go(fleet)


def test_resuming_opens_it_until_another_client_fails(fleet: TestSite):
    keep(fleet)
    assert fleet.parts.rollout.resume("companion", "1.0.2")
    assert go(fleet)
    assert not fleet.parts.rollout.resume("companion", "1.0.2")
    keep(fleet, "c-2")
    assert not go(fleet)


def test_a_receipt_sent_again_does_not_halt_what_was_resumed(fleet: TestSite):
    """The client's answer was lost, so it sends the receipt again, after the administrator."""
    keep(fleet)
    fleet.parts.rollout.resume("companion", "1.0.2")
    keep(fleet)
    assert go(fleet)
    assert fleet.store.value("SELECT count(*) FROM receipts") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "wonderful"},
        {"at": "yesterday"},
        {"at": None},
        {"log_tail": ["x" * 100_000]},
        {"version": "1" * 500},
        {"id": "i" * 500},
    ],
)
def test_a_receipt_that_is_not_right_is_refused_and_halts_nothing(fleet: TestSite, changes: dict):
    with pytest.raises(RefusedError):
        keep(fleet, **changes)
    assert go(fleet)
    assert fleet.store.value("SELECT count(*) FROM receipts") == 0


def test_a_receipt_about_another_client_is_refused(fleet: TestSite):
    statement = {
        "id": "r", "client": "c-2", "product": "companion", "version": "1.0.2",
        "outcome": "failed", "reason": "it died", "at": fleet.now,
    }  # fmt: skip
    with pytest.raises(RefusedError, match="not this client's"):
        fleet.parts.rollout.keep_receipt("c-1", statement, {"statement": statement})


@pytest.mark.parametrize("missing", ["id", "outcome", "product", "version", "reason", "at"])
def test_a_receipt_that_lacks_something_is_refused(fleet: TestSite, missing: str):
    statement = {
        "id": "r", "client": "c-1", "product": "companion", "version": "1.0.2",
        "outcome": "failed", "reason": "it died", "at": fleet.now,
    }  # fmt: skip
    del statement[missing]
    with pytest.raises(RefusedError):
        fleet.parts.rollout.keep_receipt("c-1", statement, {"statement": statement})


def test_the_reason_is_one_line(fleet: TestSite):
    keep(fleet, reason="it\ndied\x1b[2J" + "x" * 10_000)
    (halt,) = fleet.parts.rollout.halts()
    assert halt["reason"].isprintable()
    assert len(halt["reason"]) < 700


def test_a_receipt_reaches_the_vendor_as_it_was_signed(fleet: TestSite):
    keep(fleet)
    (receipt,) = fleet.opened(fleet.bundle()).bundle.receipts
    assert receipt["statement"]["reason"] == "it died"
    assert fleet.opened(fleet.bundle()).bundle.receipts == []
