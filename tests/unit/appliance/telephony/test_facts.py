"""What the status page says of the switch."""

from __future__ import annotations

import json
import os

from appliance.domain.running import Switch, SwitchState
from appliance.domain.telephony.trunks import Registration
from appliance.telephony import facts
from appliance.telephony.facts import switch_facts, trunk_facts
from appliance.telephony.places import Places
from appliance.telephony.tree import MARK
from common.clock import SystemClock
from common.locks import exclusive


def test_a_machine_without_a_switch_has_none(tmp_path):
    assert switch_facts(tmp_path) == Switch()


def test_an_installed_switch_that_does_not_run_is_told_so(tmp_path):
    places = Places(tmp_path)
    places.tree.mkdir(parents=True)
    (places.tree / MARK).write_text(json.dumps({"version": "22.10"}))
    assert switch_facts(tmp_path) == Switch("22.10", SwitchState.ENDED)
    places.run.mkdir(parents=True)
    (places.run / "asterisk.pid").write_text(str(os.getpid()))  # by now another program's
    assert switch_facts(tmp_path) == Switch("22.10", SwitchState.ENDED)


def test_a_switch_that_runs_works_when_it_answers_is_followed_and_looked_after(places):
    assert switch_facts(places.root) == Switch("22.0.1", SwitchState.UNWATCHED)
    with exclusive(places.run_lock, busy="", wait=0, clock=SystemClock()):
        assert switch_facts(places.root).state is SwitchState.WORKS
        (places.run / "alone").touch()
        assert switch_facts(places.root).state is SwitchState.ALONE
        (places.run / "silent").touch()
        assert switch_facts(places.root).state is SwitchState.SILENT


def test_a_trunk_whose_name_leads_nowhere_is_told_from_one_that_is_refused(places, monkeypatch):
    told = {"city": Registration.REFUSED}
    monkeypatch.setattr(facts, "registrations", lambda _console, _names: dict(told))
    assert trunk_facts(places.root, ["city"]) == {"city": Registration.NOT_FOUND}
    monkeypatch.setattr(facts, "nowhere", lambda _host: "")
    assert trunk_facts(places.root, ["city"]) == told
