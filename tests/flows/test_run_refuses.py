"""`callstead run` on a machine where something is not right: one sentence and exit 2."""

from __future__ import annotations

import socket

import pytest

from onebox.layout import read_layout
from tests.support.onebox import OneBox


@pytest.fixture
def box(tmp_path):
    return OneBox(tmp_path / "var")


def sentence(done) -> str:
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr + done.stdout
    [line] = done.stderr.strip().splitlines()
    return line


@pytest.mark.parametrize(
    ("name", "key"),
    [("APPLIANCE_PORT", "appliance.port"), ("COMM_PORT", "comm.port"), ("HOME_PORT", "home.port"),
     ("HOME_MAIL_PORT", "home.mail.port"), ("COMPANION_PORT", "CALLSTEAD_COMPANION_PORT")],
)  # fmt: skip
def test_a_port_in_use_is_named_with_its_key(box, name, key):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", box.ports[name]))
        taken.listen()
        line = sentence(box.call("run"))
    assert str(box.ports[name]) in line
    assert key in line


def test_a_broken_settings_file_is_told_with_its_key(box):
    box.home.mkdir()
    (box.home / "callstead.toml").write_text("[comm]\nprot = 1\n", "utf-8")
    assert "comm.prot" in sentence(box.call("run"))
    (box.home / "callstead.toml").write_text("[comm\n", "utf-8")
    assert "callstead.toml" in sentence(box.call("run"))


def test_what_lies_in_the_folder_is_for_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path / "var"))
    monkeypatch.delenv("CALLSTEAD_SETTINGS", raising=False)
    assert read_layout().home.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_told(box, tmp_path):
    (tmp_path / "file").touch()
    box.env["CALLSTEAD_HOME"] = str(tmp_path / "file" / "var")  # a file in the way, root or not
    assert "CALLSTEAD_HOME" in sentence(box.call("run"))
