"""Joining a site: what is proven, what is refused, and what a kill leaves."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from cryptography import x509

from common.errors import NetworkError, OperatorError, RefusedError, RemoteError
from common.serving.certificates import SiteAuthority
from common.wire.join_code import JoinCode, encode
from tests.support.site_simulator import SiteSimulator
from updater import identity
from updater import join as joining
from updater.settings import NetworkSettings

LIMITS = NetworkSettings(connect=5, read=5)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    with SiteSimulator(folder / "ca", folder / "releases").served() as running:
        yield running


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "root.json"
    path.write_text(json.dumps({"signed": {"_type": "root"}, "signatures": []}))
    return path


def join(folder, site, root, code=None, address=None, **more):
    return joining.join(
        folder,
        address or site.address,
        code or site.code,
        root,
        "seat-1",
        platform="linux-x86_64",
        limits=LIMITS,
        **more,
    )


def files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


def test_a_joined_client_has_key_certificate_authority_and_root(tmp_path, site, root):
    folder = tmp_path / "identity"
    who = join(folder, site, root)
    assert (who.client, who.site, who.address) == ("c-1", "North", f"https://{site.address}")
    assert identity.load(folder) == who
    assert who.ca_file.read_bytes() == site.authority.ca_pem
    assert who.root() == root.read_bytes()
    assert who.key_file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    certificate = x509.load_pem_x509_certificate(who.certificate_file.read_bytes())
    assert certificate.public_key() == who.key().public_key()


def test_joining_twice_does_nothing_and_another_site_needs_to_be_said(tmp_path, site, root):
    folder = tmp_path / "identity"
    who = join(folder, site, root)
    asked = len(site.asked)
    assert join(folder, site, root) == who
    assert len(site.asked) == asked
    with pytest.raises(OperatorError, match="say --again"):
        join(folder, site, root, address="other.example")
    again = join(folder, site, root, again=True)
    assert again.folder != who.folder
    assert not who.folder.exists()


def test_a_server_with_another_fingerprint_is_refused_and_told_nothing(tmp_path, site, root):
    other = SiteAuthority(tmp_path / "other")
    code = encode(JoinCode(site.secret, bytes.fromhex(other.fingerprint)[:10]))
    asked = len(site.asked)
    with pytest.raises(RefusedError, match="Nothing was told to it") as refused:
        join(tmp_path / "identity", site, root, code=code)
    assert refused.value.kind == "fingerprint"
    assert site.asked[asked:] == ["/join/ca"]
    assert identity.find(tmp_path / "identity") is None


def test_a_code_that_the_site_does_not_take_is_refused_in_its_words(tmp_path, site, root):
    wrong = encode(JoinCode(b"x" * 10, bytes.fromhex(site.authority.fingerprint)[:10]))
    with pytest.raises(RemoteError, match="403"):
        join(tmp_path / "identity", site, root, code=wrong)
    with pytest.raises(OperatorError, match="has not joined"):
        identity.load(tmp_path / "identity")


def test_a_certificate_for_another_key_is_not_taken(tmp_path, site, root, monkeypatch):
    def swapped(*_args, **_kwargs):
        return {"certificate": site.authority.ca_pem.decode(), "client": "c-1", "site": "North"}

    monkeypatch.setattr(joining, "ask", swapped)
    with pytest.raises(RemoteError, match="not for this computer's key"):
        join(tmp_path / "identity", site, root)


def test_nobody_there_is_a_network_error(tmp_path, root, site):
    with pytest.raises(NetworkError, match="not reached"):
        join(tmp_path / "identity", site, root, address="127.0.0.1:1")


@pytest.mark.parametrize("content", ["", "[]", '{"signed": {"_type": "targets"}}'])
def test_what_is_no_root_of_trust_is_refused_before_anything_is_asked(tmp_path, site, content):
    path = tmp_path / "root.json"
    path.write_text(content)
    asked = len(site.asked)
    with pytest.raises(OperatorError, match="is not a root of trust"):
        join(tmp_path / "identity", site, path)
    assert len(site.asked) == asked


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("comm", "https://comm:8090"),
        ("comm:9000", "https://comm:9000"),
        ("https://10.0.0.5/", "https://10.0.0.5:8090"),
        ("[::1]:9000", "https://[::1]:9000"),
    ],
)
def test_addresses_are_taken_as_people_type_them(given, plain):
    assert joining.plain_address(given) == plain


@pytest.mark.parametrize("given", ["", "http://comm", "comm:99999", "https://comm/path"])
def test_what_is_no_address_is_refused(given):
    with pytest.raises(OperatorError, match="is not an address"):
        joining.plain_address(given)


def test_killed_at_any_write_the_same_code_ends_it_with_one_key(tmp_path, site, root):
    """Each run is killed before its n-th file; the next one goes on, and the key is the same."""
    number, finished = 0, False
    while not finished:
        folder = tmp_path / f"identity-{number}"
        pid = os.fork()
        if pid == 0:
            _join_until(folder, site, root, number)
        finished = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        keys = [p.read_bytes() for p in folder.rglob("client.key")]
        who = join(folder, site, root)
        assert identity.load(folder) == who
        assert not keys or keys == [who.key_file.read_bytes()]
        assert files(folder).count("client.key") == 1
        number += 1
    assert number > 5


def _join_until(folder, site, root, number):
    left = [number]
    replace = Path.replace

    def counted(self, target):
        if left[0] == 0:
            os._exit(137)
        left[0] -= 1
        return replace(self, target)

    Path.replace = counted
    try:
        join(folder, site, root)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the child must not go on with the tests
        os._exit(1)
