"""The switch's own particulars, for the status page."""

from __future__ import annotations

from pathlib import Path

from appliance.domain.running import Switch
from appliance.telephony.places import Places
from appliance.telephony.running import running_pid
from appliance.telephony.tree import Tree


def switch_facts(folder: Path) -> Switch:
    """What is installed under ``folder``, and whether it runs."""
    places = Places(folder)
    about = Tree(places.tree).about
    return Switch(about["version"], running_pid(places) is not None) if about else Switch()
