"""Receipts and the requests to the communications server."""

from __future__ import annotations

import pytest

from common.clock import SystemClock
from common.errors import NetworkError, RemoteError
from common.serving.certificates import SiteAuthority
from common.spool import Store
from common.wire.signing import public_text, sign, verify
from tests.support.clock import FakeClock
from tests.support.program_world import PRODUCT
from tests.support.site_simulator import SiteSimulator
from updater import join as joining
from updater.comm import AnswerError, Comm
from updater.identity import Identity
from updater.journal import Journal, Receipt
from updater.messenger import Messenger
from updater.receipts import ReceiptMaker, send_waiting
from updater.schema import migrations
from updater.settings import NetworkSettings, UpdaterSettings
from updater.vitals import facts

LIMITS = NetworkSettings(connect=5, read=5)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    with SiteSimulator(folder / "ca", folder).served() as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(site):
    site.faults.clear()
    site.receipts.clear()


@pytest.fixture(scope="module")
def who(site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("client")
    root = folder / "root.json"
    root.write_text('{"signed": {"_type": "root"}}')
    return joining.join(
        folder / "identity", site.address, site.code, root, "seat-1", platform="p", limits=LIMITS
    )


@pytest.fixture
def comm(who):
    made = Comm(who, LIMITS, SystemClock())
    yield made
    made.close()


@pytest.fixture
def journal(tmp_path):
    made = Journal(Store(tmp_path / "updater.db", migrations()), FakeClock())
    made.adopt(PRODUCT, "stable", 8095)
    yield made
    made.close()


def queue(journal, who, *reasons):
    maker, program = ReceiptMaker(who, FakeClock()), journal.program(PRODUCT)
    for reason in reasons:
        receipt = maker.make("refused", PRODUCT, "1.0.0", "d" * 64, reason)
        assert journal.refused(program, "check", reason, receipt)


def test_a_receipt_is_signed_by_this_clients_key_and_says_what_the_wire_wants(who):
    receipt = ReceiptMaker(who, FakeClock()).make(
        "committed", PRODUCT, "1.0.0", "d" * 64, "well", from_version="0.9", log_tail=["a"]
    )
    statement = verify(receipt.signed, public_text(who.key()))
    assert statement == {
        "id": receipt.id, "client": "c-1", "product": PRODUCT, "version": "1.0.0",
        "digest": "d" * 64, "outcome": "committed", "reason": "well", "from_version": "0.9",
        "at": "2026-11-21T09:00:00.000Z", "log_tail": ["a"],
    }  # fmt: skip


def test_what_waits_is_sent_once_oldest_first(site, who, comm, journal):
    queue(journal, who, *[f"reason {n}" for n in range(120)])
    assert send_waiting(journal, comm) == 120
    assert [r["reason"] for r in site.receipts] == [f"reason {n}" for n in range(120)]
    assert send_waiting(journal, comm) == 0
    assert journal.count_unsent() == (0, None)


def test_a_server_that_is_down_or_failing_loses_nothing(site, who, comm, journal):
    queue(journal, who, "one")
    site.faults["/client/receipts"] = (500, "failed", "The disk is full.")
    with pytest.raises(RemoteError, match="The disk is full"):
        send_waiting(journal, comm)
    assert "disk is full" in comm.last_failure
    site.faults["/client/receipts"] = (403, "stranger", "This computer has not joined.")
    with pytest.raises(RemoteError, match="has not joined"):
        send_waiting(journal, comm)
    assert journal.count_unsent()[0] == 1
    site.faults.clear()
    assert send_waiting(journal, comm) == 1
    assert comm.last_failure == ""
    assert comm.last_contact is not None


def test_one_receipt_that_is_never_taken_does_not_hold_up_the_others(who, journal):
    queue(journal, who, "one", "poison", "three")

    class Picky:
        def __init__(self):
            self.taken = []

        def send_receipts(self, signed):
            statements = [one["statement"] for one in signed]
            if any(s["reason"] == "poison" for s in statements):
                raise AnswerError(403, "receipt", "The receipt says nothing known.")
            self.taken += [s["reason"] for s in statements]
            return [s["id"] for s in statements]

    picky = Picky()
    assert send_waiting(journal, picky) == 3
    assert picky.taken == ["one", "three"]
    assert journal.count_unsent()[0] == 0


def test_a_server_that_accepts_nothing_is_not_asked_for_ever(who, journal):
    queue(journal, who, "one")

    class Deaf:
        asked = 0

        def send_receipts(self, _signed):
            self.asked += 1
            return ["another id"]

    deaf = Deaf()
    assert send_waiting(journal, deaf) == 0
    assert deaf.asked == 1


def test_the_same_refusal_is_told_once_until_the_step_went_well(who, journal):
    queue(journal, who, "forged")
    program = journal.program(PRODUCT)
    again = Receipt("other", sign({"id": "other"}, who.key()))
    assert not journal.refused(program, "check", "forged", again)
    journal.accepted(PRODUCT, "check")
    assert journal.refused(program, "check", "forged", again)


def test_programs_rollout_and_vitals_reach_the_site(site, comm, tmp_path):
    assert comm.adopt(PRODUCT, "stable", "linux-x86_64", None).startswith("https://key@")
    assert site.programs[-1] == {
        "product": PRODUCT, "channel": "stable", "platform": "linux-x86_64", "release": None,
    }  # fmt: skip
    assert comm.rollout(PRODUCT, "1.0.0") == (True, "Open.")
    comm.send_vitals(facts(tmp_path, FakeClock()))
    told = site.vitals[-1]
    assert told["memory"]["total"] > told["memory"]["available"] > 0
    assert told["disk"]["total"] > 0
    assert told["cpu"]["count"] >= 1
    comm.healthz()


def test_a_server_of_another_authority_is_not_talked_to(site, who, tmp_path):
    other = SiteAuthority(tmp_path / "other")
    place = tmp_path / "identity"
    place.mkdir()
    for path in (who.key_file, who.certificate_file):
        (place / path.name).write_bytes(path.read_bytes())
    (place / "ca.pem").write_bytes(other.ca_pem)
    comm = Comm(Identity(place, "c-1", "s", "N", who.address), LIMITS, SystemClock())
    try:
        with pytest.raises(RemoteError, match="did not prove to be this site's"):
            comm.rollout(PRODUCT, "1.0.0")
    finally:
        comm.close()


def test_the_environment_cannot_undo_the_pinning(who, comm, monkeypatch, tmp_path):
    other = SiteAuthority(tmp_path / "other")
    (tmp_path / "bundle.pem").write_bytes(other.ca_pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "bundle.pem"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    comm.healthz()


def test_nobody_there_is_a_network_error_in_a_plain_sentence(who):
    comm = Comm(Identity(who.folder, "c-1", "s", "N", "https://127.0.0.1:1"), LIMITS, SystemClock())
    try:
        with pytest.raises(NetworkError, match="was not reached at https"):
            comm.healthz()
    finally:
        comm.close()


def test_the_messenger_sends_receipts_at_once_and_vitals_when_due(site, who, comm, journal):
    clock, before = FakeClock(), len(site.vitals)
    messenger = Messenger(comm, journal, UpdaterSettings, clock, lambda: {"programs": []})
    messenger.send()
    queue(journal, who, "one")
    messenger.send()
    assert len(site.receipts) == 1
    assert len(site.vitals) == before + 1
    clock.advance(61)
    messenger.send()
    assert len(site.vitals) == before + 2
    messenger.wake(vitals=True)
    messenger.send()
    assert len(site.vitals) == before + 3
