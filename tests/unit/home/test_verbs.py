"""The verbs for keys, words against releases, and pushes, as a release engineer types them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from common.cli import main

_KEYS = Path("home") / "keys" / "offline"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home, with one published release."""
    monkeypatch.delenv("CALLSTEAD_SETTINGS", raising=False)
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path))
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "phone").write_text("x")
    report("init")
    report(
        "pack", str(tmp_path / "built"), "--product", "phone", "--version", "1.0.0", "--start",
        "phone", "--out", str(tmp_path / "pack"),
    )  # fmt: skip
    report("publish", str(tmp_path / "pack"), "--by", "Ann")
    return tmp_path


def run(*arguments: str, **more: Any) -> Result:
    return CliRunner().invoke(main, ["home", *arguments], **more)


def report(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    return result.stderr


def test_rotate_tells_what_changed(machine: Path) -> None:
    told = report("rotate", "timestamp", "snapshot")
    assert told["roles"] == {"root": 2}
    assert (told["finished"], told["lacking"]) == (True, [])
    text = run("rotate", "root-2").stdout
    assert "root-2" in text
    assert "is trusted no longer" in text
    assert report("rotate", "root-4", "--add")["roles"] == {"root": 4}
    assert report("rotate", "root-4", "--remove")["roles"] == {"root": 5}
    assert "3 root keys are the fewest" in refused("rotate", "root-1", "--remove")
    assert "added or removed" in refused("rotate", "root-1", "--remove", "--add")
    assert "one role" in refused("rotate", "root-1", "root-2", "--add")


def test_two_machines_sign_and_the_home_finishes(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(machine / "to-be-signed.json")
    other = machine / "other"
    (other / _KEYS).mkdir(parents=True)
    (machine / _KEYS / "root-3.pem").replace(other / _KEYS / "root-3.pem")
    (machine / _KEYS / "root-2.pem").unlink()

    monkeypatch.setenv("CALLSTEAD_HOME", str(other))
    made = report("rotate", "root-2", "--new-key", str(machine / "root-2.pub"))
    assert len(made["key"]) == 64

    monkeypatch.setenv("CALLSTEAD_HOME", str(machine))
    public = ["--public-key", str(machine / "root-2.pub")]
    exported = report("rotate", "root-2", *public, "--export", file)
    assert exported["finished"] is False
    assert "1 of 2" in exported["lacking"][0]
    assert "1 of 2" in refused("finish", file)

    monkeypatch.setenv("CALLSTEAD_HOME", str(other))
    assert "Nothing was signed" in run("sign", file, input="n\n").stderr
    signed = run("sign", file, input="y\n")
    assert signed.exit_code == 0
    assert exported["digest"] in signed.stdout
    assert "root-2" in signed.stdout

    monkeypatch.setenv("CALLSTEAD_HOME", str(machine))
    assert report("finish", file)["roles"] == {"root": 2}
    assert "Export it again" in refused("finish", file)


def test_a_release_is_signed_where_its_key_is(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(machine / "to-be-signed.json")
    other = machine / "other"
    shutil.copytree(machine / _KEYS, other / _KEYS)
    shutil.rmtree(machine / _KEYS)
    assert "--export" in refused("promote", "phone", "1.0.0", "--to", "test", "--by", "Ann")
    told = run("promote", "phone", "1.0.0", "--to", "test", "--by", "Ann", "--export", file)
    assert "waits for signatures" in told.stdout
    assert report("status")["products"]["phone"]["channels"]["test"] == {}
    monkeypatch.setenv("CALLSTEAD_HOME", str(other))
    assert report("sign", file, "--yes")["signed"] == ["phone"]
    assert "say --yes" in refused("sign", file, "--json")
    monkeypatch.setenv("CALLSTEAD_HOME", str(machine))
    report("finish", file)
    assert list(report("status")["products"]["phone"]["channels"]["test"].values()) == ["1.0.0"]


def test_sign_on_a_machine_without_fitting_keys(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(machine / "to-be-signed.json")
    report("rotate", "root", "--export", file)
    monkeypatch.setenv("CALLSTEAD_HOME", str(machine / "nowhere"))
    assert "may sign this" in refused("sign", file, "--yes")
    assert "nothing to be signed" in refused("sign", str(machine / "missing.json"), "--yes")


def test_halt_lift_withdraw_and_again(machine: Path) -> None:
    by = ["--by", "Bea"]
    assert report("halt", "phone", "1.0.0", "--reason", "it rings", *by)["halted"] is True
    assert "HALTED 1.0.0: it rings" in run("status").stdout
    assert report("halt", "phone", "1.0.0", "--lift", *by)["halted"] is False
    report("promote", "phone", "1.0.0", "--to", "test", *by)
    report("promote", "phone", "1.0.0", "--to", "test", *by, "--again")
    assert report("withdraw", "phone", "1.0.0", "--reason", "it rings", *by)["withdrawn"] is True
    assert "WITHDRAWN 1.0.0: it rings" in run("status").stdout
    assert report("status")["approvals"]["chain"] == "whole"
    assert "Say why" in refused("halt", "phone", "1.0.0", *by)
    result = run("withdraw", "phone", "1.0.0", *by)
    assert "--reason" in result.stderr


def test_push_says_what_it_needs(machine: Path) -> None:
    assert "--all" in refused("push")
    assert "There is no site" in refused("push", "Hotel")
    assert report("push", "--all") == {"pushed": [], "failed": []}
    key = machine / "key.pub"
    key.write_text("no key")
    where = ["--host", "127.0.0.1", "--port", "1", "--host-key", str(key)]
    assert "no SSH host key" in refused("site", "inbox", "Hotel", *where)


def test_push_to_all_tells_which_site_was_not_reached(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLSTEAD_HOME_MAIL_ADDRESSES", "inbox@home.test")
    key = machine / "key.pub"
    key.write_text(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJDMoiqaB1yM2gY/bq1UURlYdlyX3gCtH4kyEeNXh4Fq me\n"
    )
    report("site", "add", "Hotel", "--out", str(machine / "kit.json"))
    where = ["--host", "127.0.0.1", "--port", "1", "--host-key", str(key)]
    assert "is not known yet" in refused("push", "Hotel")
    line = report("site", "inbox", "Hotel", *where)["public_key"]
    assert line.startswith("ssh-ed25519 ")
    assert report("site", "inbox", "Hotel", *where)["public_key"] == line
    result = run("push", "--all", "--json")
    assert result.exit_code == 3
    (failed,) = json.loads(result.stdout)["failed"]
    assert failed["site"] == "Hotel"
    assert "127.0.0.1:1" in failed["reason"]
    assert run("push", "Hotel").exit_code == 3
