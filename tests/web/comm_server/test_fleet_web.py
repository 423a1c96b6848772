"""The door for clients: joined by a code, known by a certificate, strangers outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from flask.testing import FlaskClient

from comm_server.fleet.codes import new_invitation
from common.wire.signing import sign
from tests.support.site import TestSite

STRANGERS = [
    "/client/rollout/companion",
    "/releases/metadata/timestamp.json",
    "/releases/targets/x",
]
STRANGERS_POST = ["/client/programs", "/client/receipts", "/client/vitals"]


@pytest.fixture
def web(site: TestSite) -> FlaskClient:
    return site.app().test_client()


@dataclass
class Joined:
    """A client that holds its certificate; the edge tells the program its fingerprint."""

    web: FlaskClient
    id: str
    key: Ed25519PrivateKey
    peer: str

    def post(self, path: str, value: Any) -> Any:
        return self.web.post(path, json=value, headers={"Callstead-Peer": self.peer})

    def get(self, path: str) -> Any:
        return self.web.get(path, headers={"Callstead-Peer": self.peer})

    def receipt(self, key: Ed25519PrivateKey | None = None, **changes: Any) -> dict[str, Any]:
        return sign(
            {
                "id": "r1",
                "client": self.id,
                "product": "companion",
                "version": "1.0.2",
                "digest": "d" * 64,
                "outcome": "rolled_back",
                "reason": "it died",
                "from_version": "1.0.1",
                "at": "2026-11-21T08:00:00.000Z",
                "log_tail": [],
                **changes,
            },
            key or self.key,
        )


def request_for(key: Any) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "whoever")])
    algorithm = None if isinstance(key, Ed25519PrivateKey) else hashes.SHA256()
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, algorithm)
    return csr.public_bytes(serialization.Encoding.PEM).decode()


def code(site: TestSite) -> str:
    invitation = new_invitation(site.parts.authority.fingerprint)
    site.parts.fleet.keep_invitation(invitation.secret_sha256)
    return invitation.text


def ask_to_join(web: FlaskClient, text: str, **changes: Any) -> Any:
    wanted = {
        "code": text,
        "name": "seat-1",
        "platform": "linux-x86_64",
        "csr": request_for(Ed25519PrivateKey.generate()),
        **changes,
    }
    return web.post("/join", json=wanted)


def join(site: TestSite, web: FlaskClient, name: str = "seat-1") -> Joined:
    key = Ed25519PrivateKey.generate()
    answer = ask_to_join(web, code(site), name=name, csr=request_for(key))
    assert answer.status_code == 200, answer.get_json()
    value = answer.get_json()
    certificate = x509.load_pem_x509_certificate(value["certificate"].encode())
    return Joined(web, value["client"], key, certificate.fingerprint(hashes.SHA256()).hex())


def test_joining_gives_a_certificate_of_the_sites_authority(site: TestSite, web: FlaskClient):
    answer = ask_to_join(web, code(site)).get_json()
    certificate = x509.load_pem_x509_certificate(answer["certificate"].encode())
    authority = x509.load_pem_x509_certificate(answer["ca"].encode())
    certificate.verify_directly_issued_by(authority)
    assert answer["site"] == "North"
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == answer["client"]  # and not what the request wished for
    assert web.get("/join/ca").get_data() == site.parts.authority.ca_pem


def test_a_code_works_once(site: TestSite, web: FlaskClient):
    text = code(site)
    assert ask_to_join(web, text).status_code == 200
    again = ask_to_join(web, text, name="seat-2")
    assert again.status_code == 403
    assert "used already" in again.get_json()["message"]
    assert [row["name"] for row in site.parts.fleet.all()] == ["seat-1"]


def test_a_code_expires_after_an_hour(site: TestSite, web: FlaskClient):
    text = code(site)
    site.clock.advance(3600)
    assert ask_to_join(web, text).status_code == 403
    assert site.parts.fleet.all() == []


def test_a_wrong_code_is_403_and_a_mistyped_one_says_what_a_code_is(
    site: TestSite, web: FlaskClient
):
    code(site)
    other = new_invitation(site.parts.authority.fingerprint).text
    assert ask_to_join(web, other).status_code == 403
    for text in ("", "XXXXX", "U" * 32, None, 7):
        answer = ask_to_join(web, text)
        assert answer.status_code == 400
        assert "letters" in answer.get_json()["message"]


def test_a_code_may_be_typed_as_it_was_heard(site: TestSite, web: FlaskClient):
    text = code(site).lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert ask_to_join(web, text).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"csr": ""},
        {"csr": "\ud800"},
        {"csr": request_for(ec.generate_private_key(ec.SECP256R1()))},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "x" * 61},
        {"name": ["x"]},
        {"platform": None},
    ],
)
def test_a_request_that_is_refused_leaves_the_code_unused(
    site: TestSite, web: FlaskClient, changes: dict[str, Any]
):
    text = code(site)
    assert ask_to_join(web, text, **changes).status_code == 403
    assert ask_to_join(web, text).status_code == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"x", b"[" * 200_000, b'{"a":' * 5000])
def test_a_body_that_is_no_object_is_refused_in_words(web: FlaskClient, body: bytes):
    answer = web.post("/join", data=body, content_type="application/json")
    assert answer.status_code == 403
    assert answer.get_json()["error"] == "body"


def test_guessing_many_codes_is_slowed_down(site: TestSite, web: FlaskClient):
    text = code(site)
    answers = [
        ask_to_join(web, new_invitation(site.parts.authority.fingerprint).text).status_code
        for _ in range(30)
    ]
    assert answers[0] == 403
    assert answers[-1] == 429
    assert ask_to_join(web, text).status_code == 429
    site.clock.advance(60)
    assert ask_to_join(web, text).status_code == 200


def test_a_stranger_gets_nothing(site: TestSite, web: FlaskClient):
    join(site, web)
    for headers in ({}, {"Callstead-Peer": "0" * 64}, {"Callstead-Peer": ""}):
        for path in STRANGERS:
            assert web.get(path, headers=headers).status_code == 403, path
        for path in STRANGERS_POST:
            answer = web.post(path, json={}, headers=headers)
            assert answer.status_code == 403, path
            assert answer.get_json()["error"] == "stranger"


def test_a_revoked_client_is_a_stranger(site: TestSite, web: FlaskClient):
    client = join(site, web)
    assert client.post("/client/vitals", {}).status_code == 200
    site.parts.fleet.revoke(client.id)
    for path in STRANGERS:
        assert client.get(path).status_code == 403
    for path in STRANGERS_POST:
        assert client.post(path, {}).status_code == 403
    assert site.parts.fleet.subscriptions() == set()


def test_a_reinstalled_computer_replaces_itself(site: TestSite, web: FlaskClient):
    before = join(site, web)
    after = join(site, web)
    assert before.post("/client/vitals", {}).status_code == 403
    assert after.post("/client/vitals", {}).status_code == 200
    assert [row["client"] for row in site.parts.fleet.all()] == [after.id]


def test_a_revoked_name_may_join_again_and_again(site: TestSite, web: FlaskClient):
    for _ in range(3):
        site.parts.fleet.revoke(join(site, web).id)
        site.clock.advance(1)
    assert site.parts.fleet.all() == []


def programs(client: Joined, **changes: Any) -> Any:
    wanted = {"product": "companion", "channel": "stable", "platform": "linux-x86_64"}
    return client.post("/client/programs", {**wanted, "release": None, **changes})


def test_the_same_program_gets_the_same_dsn(site: TestSite, web: FlaskClient):
    client = join(site, web)
    first = programs(client).get_json()["dsn"]
    assert programs(client, release="1.0.1").get_json()["dsn"] == first
    assert programs(client, product="other").get_json()["dsn"] != first
    assert first.startswith("https://")
    assert site.parts.fleet.subscriptions() == {
        ("companion", "stable", "linux-x86_64"),
        ("other", "stable", "linux-x86_64"),
    }


@pytest.mark.parametrize(
    "changes",
    [{"product": "../x"}, {"product": "X"}, {"channel": ""}, {"platform": "a\nb"}, {"product": 3}],
)
def test_an_odd_program_is_refused(site: TestSite, web: FlaskClient, changes: dict[str, Any]):
    assert programs(join(site, web), **changes).status_code == 403
    assert site.parts.fleet.subscriptions() == set()


def test_a_receipt_is_kept_once(site: TestSite, web: FlaskClient):
    client = join(site, web)
    for _ in range(2):
        answer = client.post("/client/receipts", {"receipts": [client.receipt()]})
        assert answer.get_json() == {"accepted": ["r1"]}
    assert site.store.value("SELECT count(*) FROM receipts") == 1


def test_a_clients_receipts_must_be_its_own(site: TestSite, web: FlaskClient):
    one, two = join(site, web), join(site, web, "seat-2")
    forged = [
        two.receipt(),  # signed by another client
        one.receipt(two.key),  # in its name, by another key
        two.receipt(one.key),  # by its own key, in another's name
        {**one.receipt(), "signature": "AAAA"},
        {"statement": one.receipt()["statement"]},
        None,
        7,
    ]
    for receipt in forged:
        answer = one.post("/client/receipts", {"receipts": [receipt]})
        assert answer.status_code == 403, receipt
    assert site.store.value("SELECT count(*) FROM receipts") == 0
    assert site.parts.rollout.halts() == []


def test_one_bad_receipt_does_not_hold_up_the_others(site: TestSite, web: FlaskClient):
    """Such as one that was signed before the computer joined anew."""
    client = join(site, web)
    old = client.receipt(Ed25519PrivateKey.generate(), id="old")
    answer = client.post("/client/receipts", {"receipts": [old, client.receipt()]})
    assert answer.get_json() == {"accepted": ["r1"]}


def test_a_rollout_that_failed_here_is_closed_for_all(site: TestSite, web: FlaskClient):
    client = join(site, web)
    site.store.execute(
        "INSERT INTO mirrored VALUES ('companion', 'stable', 'linux-x86_64', '1.0.2', ?)",
        (site.now,),
    )
    path = "/client/rollout/companion?version=1.0.2"
    programs(client)
    assert client.get(path).get_json()["go"] is True
    client.post("/client/receipts", {"receipts": [client.receipt()]})
    other = join(site, web, "seat-2")
    programs(other)
    decision = other.get(path).get_json()
    assert decision["go"] is False
    assert "it died" in decision["reason"]
    assert client.get("/client/rollout/companion").get_json()["go"] is False


def test_a_client_asks_for_each_step_and_whether_it_may_stay(site: TestSite, web: FlaskClient):
    client = join(site, web)
    programs(client)
    site.store.execute(
        "INSERT INTO mirrored VALUES ('companion', 'stable', 'linux-x86_64', '1.0.2', ?)",
        (site.now,),
    )
    terms = """INSERT INTO terms VALUES ('companion', 'stable', '1.0.2', '{"may_return": true}')"""
    site.store.execute(terms)
    path = "/client/rollout/companion?version=1.0.2&step="
    for step in ("fetch", "ready", "switch", "keep"):
        assert client.get(path + step).get_json()["go"] is True, step
    site.parts.orders.send_back("companion", "1.0.2", "Ann")
    keep = client.get(path + "keep").get_json()
    assert (keep["go"], keep["back"]) == (False, True)
    assert "Ann ordered" in keep["reason"]
    assert client.get(path + "jump").status_code == 403


def test_vitals_are_kept_and_tell_what_runs(site: TestSite, web: FlaskClient):
    client = join(site, web)
    programs(client)
    site.clock.advance(60)
    facts = {"cpu_percent": 3, "programs": [{"product": "companion", "version": "1.0.1"}]}
    assert client.post("/client/vitals", facts).get_json() == {}
    (row,) = site.parts.fleet.all()
    assert row["vitals"] == facts | {"clock_skew": None}  # this client told no time
    assert row["programs"][0]["release"] == "1.0.1"
    assert row["last_seen"] == site.now


@pytest.mark.parametrize(
    "facts",
    [
        {"programs": [{"product": {}, "version": []}]},
        {"programs": [{"product": "companion", "version": None}, None, 3]},
        {"programs": {"product": "companion"}},
        {"text": "\ud800"},
        {"number": float("nan")},
        {"number": 10**400},
    ],
)
def test_odd_vitals_break_neither_the_wire_nor_the_mail(
    site: TestSite, web: FlaskClient, facts: dict[str, Any]
):
    client = join(site, web)
    programs(client, release="1.0.0")
    assert client.post("/client/vitals", facts).status_code == 200
    (row,) = site.parts.fleet.all()
    assert row["programs"][0]["release"] == "1.0.0"
    assert site.opened(site.bundle()).bundle.environment["clients"]["seat-1"] is not None


def test_vitals_that_would_fill_every_mail_are_refused(site: TestSite, web: FlaskClient):
    client = join(site, web)
    assert client.post("/client/vitals", {"x": "y" * 20_000}).status_code == 403
    assert client.post("/client/vitals", {"x": "y" * 2**20}).status_code == 413


def test_a_last_seen_is_a_time(site: TestSite, web: FlaskClient):
    join(site, web)
    assert datetime.fromisoformat(site.parts.fleet.all()[0]["last_seen"])
