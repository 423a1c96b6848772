from __future__ import annotations

import tomllib
from dataclasses import dataclass

import pytest

from common import settings as module
from common.errors import OperatorError
from common.settings import Holder, as_toml, keys_of, load, section, setting


@dataclass(frozen=True)
class Mail:
    host: str = setting("localhost", doc="Relay.")
    security: str = setting("starttls", choices=("starttls", "tls"), doc="How.")


@dataclass(frozen=True)
class Comm:
    port: int = setting(8090, unit="TCP port", minimum=1, maximum=65535, doc="Port.")
    every: float = setting(1.5, unit="seconds", doc="How often.")
    open: bool = setting(False, doc="Open.")
    names: tuple[str, ...] = setting((), doc="Names.")
    mail: Mail = section(Mail)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path))
    monkeypatch.delenv("CALLSTEAD_SETTINGS", raising=False)

    def write(text):
        (tmp_path / "callstead.toml").write_text(text, "utf-8")

    return write


def test_without_a_file_every_key_has_its_default(file):
    assert load(Comm, "comm") == Comm()


def test_the_file_is_read_and_the_environment_wins(file, monkeypatch):
    file('[comm]\nport = 9000\nnames = ["a"]\n[comm.mail]\nhost = "relay"\n')
    monkeypatch.setenv("CALLSTEAD_COMM_PORT", "9001")
    monkeypatch.setenv("CALLSTEAD_COMM_NAMES", "x, y")
    monkeypatch.setenv("CALLSTEAD_COMM_OPEN", "yes")
    got = load(Comm, "comm")
    assert (got.port, got.names, got.mail.host, got.open) == (9001, ("x", "y"), "relay", True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[comm]\nprot = 1", "Did you mean 'comm.port'"),
        ("[comm.mail]\nhots = 'x'", "Did you mean 'comm.mail.host'"),
        ("[com]\nport = 1", "Did you mean 'comm'"),
        ("[comm]\nport = 'x'", "comm.port is 'x', but must be a whole number"),
        ("[comm]\nport = true", "must be a whole number"),
        ("[comm]\nport = 70000", "at most 65535"),
        ("[comm]\nopen = 1", "true or false"),
        ("[comm]\nnames = 'a'", "a list of texts"),
        ("[comm.mail]\nsecurity = 'ssl'", "one of: starttls, tls"),
        ("[comm", "not valid TOML"),
        ("comm = 3", "comm"),
    ],
)
def test_a_broken_file_names_the_key_and_what_is_allowed(file, text, says):
    file(text)
    with pytest.raises(OperatorError) as caught:
        load(Comm, "comm")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("CALLSTEAD_COMM_PROT", "1", "Did you mean 'CALLSTEAD_COMM_PORT'"),
        ("CALLSTEAD_COMM_PORT", "many", "CALLSTEAD_COMM_PORT is 'many'"),
        ("CALLSTEAD_COMM_OPEN", "perhaps", "true or false"),
        ("CALLSTEAD_COMM_EVERY", "soon", "a number"),
    ],
)
def test_a_broken_variable_is_named(file, monkeypatch, variable, value, says):
    monkeypatch.setenv(variable, value)
    with pytest.raises(OperatorError, match="CALLSTEAD_COMM") as caught:
        load(Comm, "comm")
    assert says in str(caught.value)


def test_a_whole_number_is_a_number_too(file):
    file("[comm]\nevery = 2")
    assert load(Comm, "comm").every == 2.0


def test_the_printed_file_is_toml_with_every_key_and_reads_back_as_the_defaults(file):
    text = as_toml({"comm": Comm})
    uncommented = "\n".join(
        line.removeprefix("# ") if " = " in line and line.startswith("# ") else line
        for line in text.splitlines()
    )
    table = tomllib.loads(uncommented)["comm"]
    assert set(table) == {"port", "every", "open", "names", "mail"}
    file(uncommented)
    assert load(Comm, "comm") == Comm()
    assert "CALLSTEAD_COMM_MAIL_HOST" in text


def test_a_reload_swaps_all_or_keeps_the_old(file):
    holder = Holder(lambda: load(Comm, "comm"))
    file("[comm]\nport = 9000\nevery = 'x'")
    with pytest.raises(OperatorError):
        holder.reload()
    assert holder.current == Comm()
    file("[comm]\nport = 9000")
    assert holder.reload().port == holder.current.port == 9000


def test_every_installed_key_has_a_doc_and_numbers_have_a_unit():
    for name, kind in module.known_sections().items():
        for key in keys_of(kind, name):
            assert key.metadata["doc"], key.path
            if key.kind in {int, float}:
                assert key.metadata["unit"], key.path
