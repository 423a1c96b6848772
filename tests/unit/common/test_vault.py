from __future__ import annotations

import stat

import pytest

from common.errors import OperatorError, RefusedError
from common.vault import FILE, Vault, key_of


def test_what_is_sealed_opens_at_its_place_and_nowhere_else(tmp_path):
    vault = Vault.of(tmp_path)
    sealed = vault.seal("秘密", "webhooks/secret/1")
    assert "秘密" not in sealed
    assert vault.open(sealed, "webhooks/secret/1") == "秘密"
    assert vault.seal("秘密", "webhooks/secret/1") != sealed
    with pytest.raises(RefusedError, match="belongs elsewhere"):
        vault.open(sealed, "webhooks/secret/2")
    with pytest.raises(RefusedError, match="changed"):
        vault.open(sealed[:-4] + "AAA=", "webhooks/secret/1")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_running_program_follows_a_rotation(tmp_path):
    running, command = Vault.of(tmp_path), Vault.of(tmp_path)
    old = running.seal("a", "x")
    new = command.add_key()
    assert key_of(running.seal("b", "x")) == new
    assert running.open(old, "x") == "a"
    command.forget_all_but({new})
    with pytest.raises(OperatorError, match="same backup"):
        running.open(old, "x")


def test_a_credential_of_systemd_comes_first_and_is_not_ours_to_change(tmp_path, monkeypatch):
    folder = tmp_path / "credentials"
    folder.mkdir()
    Vault.of(tmp_path)
    (tmp_path / FILE).rename(folder / "callstead-vault")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    vault = Vault.of(tmp_path)
    assert vault.open(vault.seal("a", "x"), "x") == "a"
    assert not (tmp_path / FILE).exists()
    with pytest.raises(OperatorError, match="only you can change"):
        vault.add_key()


@pytest.mark.parametrize("text", ["", "nonsense\n", "id AAAA\n"])
def test_a_file_that_is_none_of_keys_is_told_in_one_sentence(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(OperatorError, match=r"vault\.keys"):
        Vault.of(tmp_path)
