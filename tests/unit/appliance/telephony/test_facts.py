"""What the status page says of the switch."""

from __future__ import annotations

import json
import os

from appliance.domain.running import Switch
from appliance.telephony.facts import switch_facts
from appliance.telephony.places import Places
from appliance.telephony.tree import MARK


def test_a_machine_without_a_switch_has_none(tmp_path):
    assert switch_facts(tmp_path) == Switch()


def test_an_installed_switch_that_does_not_run_is_told_so(tmp_path):
    places = Places(tmp_path)
    places.tree.mkdir(parents=True)
    (places.tree / MARK).write_text(json.dumps({"version": "22.10"}))
    assert switch_facts(tmp_path) == Switch("22.10", runs=False)
    places.run.mkdir(parents=True)
    (places.run / "asterisk.pid").write_text(str(os.getpid()))  # by now another program's
    assert switch_facts(tmp_path) == Switch("22.10", runs=False)
