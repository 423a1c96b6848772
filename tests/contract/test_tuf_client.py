"""What `tests/conformance/tuf-client` promises to whoever drives it.

The public TUF conformance suite drives it too, where that is at hand; these tests are always.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import DelegatedRole, Metadata, TargetFile, Targets

from common.clock import SystemClock
from tests.conformance.tuf_client import main
from tests.support.repository_simulator import RepositorySimulator

PROGRAM = Path(__file__).parents[1] / "conformance" / "tuf-client"
ONE, TWO = "phone/channels/one.txt", "phone/channels/two.txt"


@dataclass
class Client:
    """The program with its folders, and the server that it asks."""

    vendor: RepositorySimulator
    folder: Path
    port: int
    asked: list[str] = field(default_factory=list)

    @property
    def metadata(self) -> Path:
        return self.folder / "metadata"

    @property
    def targets(self) -> Path:
        return self.folder / "targets"

    def init(self) -> int:
        root = self.folder / "given.json"
        root.write_bytes(self.vendor.first_root)
        return main(["--metadata-dir", str(self.metadata), "init", str(root)])

    def refresh(self) -> int:
        return main([*self.where(), "refresh"])

    def download(self, *names: str) -> int:
        return main([*self.where(), *self.what(*names), "download"])

    def where(self) -> list[str]:
        url = f"http://127.0.0.1:{self.port}/metadata/"
        return ["--metadata-url", url, "--metadata-dir", str(self.metadata)]

    def what(self, *names: str) -> list[str]:
        base = f"http://127.0.0.1:{self.port}/targets/"
        named = [word for name in names for word in ("--target-name", name)]
        return [*named, "--target-dir", str(self.targets), "--target-base-url", base]

    def got(self) -> list[bytes]:
        """The bytes of every file below the target folder, hidden ones too."""
        return [
            Path(base, name).read_bytes()
            for base, _folders, names in os.walk(self.targets)
            for name in sorted(names)
        ]

    def versions(self) -> dict[str, int]:
        """Role and version of every file of metadata; whatever else lies there fails."""
        found = {}
        for path in self.metadata.rglob("*"):
            if path.is_file():
                signed = Metadata.from_file(str(path)).signed
                if path.parent == self.metadata:
                    found[path.name.removesuffix(".json")] = signed.version
        return found

    def asked_for(self, start: str) -> list[str]:
        return [path for path in self.asked if path.startswith(start)]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    vendor = RepositorySimulator("phone")
    vendor.add_target(ONE, b"the first")
    vendor.add_target(TWO, b"the second")
    vendor.expires = SystemClock().now().replace(microsecond=0) + timedelta(days=2)
    for signed in (vendor.root, vendor.targets, vendor.snapshot, vendor.timestamp,
                   *vendor.products.values()):  # fmt: skip
        signed.expires = vendor.expires
    vendor.sign_root()
    vendor.publish()
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/")
            asked.append(path)
            data = vendor.files.get(path, vendor.files.get(unquote(path)))
            if data is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    (tmp_path / "metadata").mkdir()
    (tmp_path / "targets").mkdir()
    yield Client(vendor, tmp_path, server.server_port, asked)
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_program_itself_from_init_to_download(client: Client) -> None:
    (client.folder / "given.json").write_bytes(client.vendor.first_root)
    commands = (
        ["--metadata-dir", str(client.metadata), "init", str(client.folder / "given.json")],
        [*client.where(), "refresh"],
        [*client.where(), *client.what(ONE), "download"],
    )
    for command in commands:
        subprocess.run([PROGRAM, *command], check=True, timeout=120, cwd=client.folder)
    assert client.got() == [b"the first"]
    unknown = [*client.where(), *client.what("phone/channels/none.txt"), "download"]
    ended = subprocess.run([PROGRAM, *unknown], check=False, timeout=120, capture_output=True)
    assert ended.returncode == 1
    assert b"do not name" in ended.stderr


def test_init_asks_nobody(client: Client) -> None:
    assert client.init() == 0
    assert client.asked == []
    assert client.versions() == {"root": 1}


def test_init_with_no_such_file_ends_with_1(client: Client) -> None:
    missing = str(client.folder / "missing.json")
    assert main(["--metadata-dir", str(client.metadata), "init", missing]) == 1


@pytest.mark.parametrize("wrong", [[], ["refresh"], ["--metadata-dir", "x"], ["no-such-command"]])
def test_wrong_arguments_end_with_1(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(wrong) == 1
    assert capsys.readouterr().err


def test_a_command_before_init_ends_with_1(client: Client) -> None:
    assert client.refresh() == 1
    assert client.asked == []


def test_refresh_keeps_what_it_verified_under_unversioned_names(client: Client) -> None:
    client.init()
    assert client.refresh() == 0
    assert client.versions() == {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1}
    client.vendor.bump("phone")
    assert client.refresh() == 0
    assert client.versions()["timestamp"] == 2
    assert client.got() == []


def test_a_refused_state_ends_with_1_and_changes_nothing(client: Client) -> None:
    client.init()
    client.refresh()
    before = client.versions()
    client.vendor.signers["timestamp"] = [CryptoSigner.generate_ed25519()]
    client.vendor.bump("phone")
    assert client.refresh() == 1
    assert client.versions() == before


def test_a_server_that_is_away_ends_with_1(client: Client) -> None:
    client.init()
    client.vendor.files.clear()
    assert client.refresh() == 1


def test_targets_come_in_the_order_of_the_arguments(client: Client) -> None:
    client.init()
    assert client.download(TWO, ONE) == 0
    names = [path.rsplit(".", 2)[-2] for path in client.asked_for("targets/")]
    assert names == ["two", "one"]
    assert sorted(client.got()) == [b"the first", b"the second"]
    assert set(client.versions()) == {"root", "timestamp", "snapshot", "targets", "phone"}


def test_one_session_looks_for_metadata_once(client: Client) -> None:
    client.init()
    client.download(ONE, TWO)
    assert len(client.asked_for("metadata/timestamp.json")) == 1


def test_the_first_failure_ends_it(client: Client) -> None:
    client.init()
    assert client.download(ONE, "phone/channels/none.txt", TWO) == 1
    assert client.got() == [b"the first"]
    assert len(client.asked_for("targets/")) == 1


def test_nothing_is_fetched_twice(client: Client) -> None:
    client.init()
    assert client.download(ONE, ONE) == 0
    assert client.download(ONE) == 0
    assert len(client.asked_for("targets/")) == 1
    assert len(client.asked_for("metadata/1.phone.json")) == 1


def test_a_changed_target_takes_the_place_of_the_old(client: Client) -> None:
    client.init()
    client.download(ONE)
    client.vendor.add_target(ONE, b"another")
    client.vendor.bump("phone")
    assert client.download(ONE) == 0
    assert client.got() == [b"another"]


@pytest.mark.parametrize("served", [b"the firsT", b"the fir", b"the first and more", b""])
def test_arbitrary_package_leaves_no_trace(client: Client, served: bytes) -> None:
    client.init()
    (path,) = (name for name in client.vendor.files if name.endswith("one.txt"))
    client.vendor.files[path] = served
    assert client.download(ONE) == 1
    assert client.got() == []


@pytest.mark.parametrize("name", ["../../outside", "/outside", "a//b"])
def test_a_name_never_leads_out_of_the_folder(client: Client, name: str) -> None:
    client.init()
    assert client.download(name) == 1
    assert not (client.folder.parent / "outside").exists()
    assert client.got() == []


@pytest.mark.parametrize(
    "hashes", [["sha512"], ["sha256", "sha512"], ["sha512", "sha256"], ["sha1"]]
)
def test_hashes_of_other_vendors(client: Client, hashes: list[str]) -> None:
    data = b"with other hashes"
    client.vendor.products["phone"].targets[ONE] = TargetFile(
        len(data), {name: hashlib.new(name, data).hexdigest() for name in hashes}, ONE
    )
    for name in hashes:
        prefix = hashlib.new(name, data).hexdigest()
        client.vendor.files[f"targets/phone/channels/{prefix}.one.txt"] = data
    client.vendor.bump("phone")
    client.init()
    accepted = hashes != ["sha1"]
    assert client.download(ONE) == (0 if accepted else 1)
    assert client.got() == ([data] if accepted else [])


def test_every_hash_that_is_named_must_hold(client: Client) -> None:
    client.vendor.products["phone"].targets[ONE].hashes["sha512"] = "0" * 128
    client.vendor.bump("phone")
    client.init()
    assert client.download(ONE) == 1


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_keys_of_other_kinds(client: Client, kind: str) -> None:
    key = getattr(CryptoSigner, f"generate_{kind}")()
    client.vendor.signers["root"] = [*client.vendor.signers["root"][:2], key]
    client.vendor.root.add_key(key.public_key, "root")
    client.vendor.root.roles["root"].threshold = 3
    client.vendor.root.version = 2
    client.vendor.sign_root(client.vendor.signers["root"])
    client.init()
    assert client.refresh() == 0
    assert client.versions()["root"] == 2


def test_a_repository_whose_files_carry_no_hash_in_their_names(client: Client) -> None:
    vendor = client.vendor
    vendor.root.consistent_snapshot = False
    vendor.sign_root()
    for role in ("snapshot", "targets", "phone"):
        vendor.files[f"metadata/{role}.json"] = vendor.files.pop(f"metadata/1.{role}.json")
    vendor.files[f"targets/{ONE}"] = b"the first"
    client.init()
    assert client.download(ONE) == 0
    assert client.got() == [b"the first"]


@pytest.mark.parametrize("role", ["?", "#", "/role", "../role"])
def test_a_role_with_an_unusual_name(client: Client, role: str) -> None:
    vendor = client.vendor
    key = vendor.signers["phone"][0].public_key
    delegations = vendor.targets.delegations
    assert delegations is not None
    assert delegations.roles is not None
    delegations.roles[role] = DelegatedRole(role, [key.keyid], 1, False, ["*"])
    vendor.signers[role] = vendor.signers["phone"]
    vendor.products[role] = Targets(expires=vendor.expires)
    vendor.targets.version += 1
    vendor.bump()
    client.init()
    assert client.download("none.txt") == 1
    quoted = role.replace("?", "%3F").replace("#", "%23").replace("/", "%2F")
    assert f"metadata/1.{quoted}.json" in client.asked
    assert len(client.versions()) == 5
