"""A code joins one computer; one that was killed before it had the answer may ask again."""

from __future__ import annotations

import secrets

import pytest

from comm_server.fleet.clients import Fleet
from comm_server.fleet.codes import secret_hash
from comm_server.schema import migrations
from common.errors import RefusedError
from common.spool import Store
from tests.support.clock import FakeClock

SECRET = b"0123456789"


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def fleet(tmp_path, clock):
    store = Store(tmp_path / "comm.db", migrations())
    made = Fleet(store, clock)
    made.keep_invitation(secret_hash(SECRET))
    yield made
    store.close()


def issuer(key):
    """Certificates for one key; each is a new one."""
    return lambda client: (client.encode(), secrets.token_hex(32), key)


def test_the_same_key_gets_the_same_client_and_a_certificate_that_counts(fleet):
    first, _certificate = fleet.join(SECRET, "seat-1", "p", issuer("key"))
    marks = []

    def issue(client):
        certificate, mark, key = issuer("key")(client)
        marks.append(mark)
        return certificate, mark, key

    again, certificate = fleet.join(SECRET, "seat-1", "p", issue)
    assert again == first
    assert certificate == first.encode()
    assert fleet.by_certificate(marks[-1])["client"] == first
    assert len(fleet.all()) == 1


def test_another_key_a_later_hour_and_a_client_that_was_put_out_are_refused(fleet, clock):
    client, _certificate = fleet.join(SECRET, "seat-1", "p", issuer("key"))
    with pytest.raises(RefusedError, match="used already"):
        fleet.join(SECRET, "seat-1", "p", issuer("other"))
    clock.advance(minutes=61)
    with pytest.raises(RefusedError):
        fleet.join(SECRET, "seat-1", "p", issuer("key"))
    clock.advance(minutes=-61)
    fleet.revoke(client)
    with pytest.raises(RefusedError):
        fleet.join(SECRET, "seat-1", "p", issuer("key"))
