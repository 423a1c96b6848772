"""Secrets come under a new key, and nothing is lost however it is stopped."""

from __future__ import annotations

from click.testing import CliRunner

from appliance.api.v1.chat import ConversationKeys
from appliance.domain.roles import Role
from appliance.store.account_models import WebhookRow
from appliance.store.kept_answers import SqlKeptAnswers
from appliance.store.sealed import COLUMNS, keys_in_use, seal_again
from appliance.store.second_factors import SqlSecondFactors
from appliance.store.users import SqlUsers
from appliance.store.webhooks import SqlWebhooks
from common.cli import main
from common.vault import Vault
from common.web.secret import add_signing_key, forget_signing_keys, signing_keys
from tests.support.clock import FakeClock


def test_a_rotation_that_is_stopped_half_way_goes_on(database, tmp_path):
    vault, clock = Vault.of(tmp_path), FakeClock()
    hooks = SqlWebhooks(database, vault, clock)
    secrets = dict(hooks.add(f"hook {n}", "https://x", ["*"]) for n in range(130))
    answers = SqlKeptAnswers(database, vault, clock)
    answers.begin("user:1", "a/b", "asked")
    answers.keep("user:1", "a/b", 201, "the answer")
    users = SqlUsers(database, clock)
    users.add("anna", "Anna", Role.AGENT, "-", only_first=False)
    factors = SqlSecondFactors(database, vault)
    secret = factors.begin("anna")
    old = vault.current
    new = vault.add_key()
    steps = seal_again(database, vault)
    assert next(steps) + next(steps) > 100
    steps.close()  # killed here
    assert set(keys_in_use(database)) == {old, new}
    assert sum(seal_again(database, vault)) > 0
    assert keys_in_use(database) == {new: 132}
    vault.forget_all_but({new})
    assert factors.begin("anna") == secret
    kept = answers.begin("user:1", "a/b", "asked")
    assert kept is not None
    assert kept.answer == "the answer"
    hook = next(iter(secrets))
    with database.read() as session:
        row = session.get(WebhookRow, hook.id)
        assert vault.open(row.secret, f"webhooks/secret/{hook.id}") == secrets[hook]


def test_every_column_that_is_sealed_is_rotated():
    from tests.architecture.house import ROOT

    sealed = {f"{one.column.class_.__tablename__}/{one.column.key}" for one in COLUMNS}
    for path in (ROOT / "appliance" / "store").glob("*.py"):
        text = path.read_text("utf-8")
        if ".seal(" in text and path.name != "sealed.py":
            assert any(name in text for name in sealed), path


def test_what_an_older_key_signed_stays_good_until_it_is_forgotten(tmp_path):
    visitor = ConversationKeys(signing_keys(tmp_path)).of(7)
    add_signing_key(tmp_path)
    after = ConversationKeys(signing_keys(tmp_path))
    assert after.read(visitor) == 7
    newer = after.of(7)
    assert newer != visitor
    forget_signing_keys(tmp_path)
    last = ConversationKeys(signing_keys(tmp_path))
    assert (last.read(visitor), last.read(newer)) == (None, 7)


def test_the_commands_rotate_list_and_forget(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path))
    run = CliRunner().invoke
    for command, told in (
        ("rotate", "0 secret(s) are sealed"),
        ("list", "0 secret(s)"),
        ("forget", "Removed:"),
        ("forget", "Every key is still needed."),
        ("forget-signing", "There is but one signing key."),
        ("rotate-signing", "2 signing keys."),
        ("forget-signing", "Removed: 1."),
    ):
        done = run(main, ["appliance", "keys", command])
        assert done.exit_code == 0, done.output
        assert told in done.output
