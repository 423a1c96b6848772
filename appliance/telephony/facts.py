"""The switch's own particulars, for the status page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from appliance.domain.running import Switch
from appliance.domain.telephony.trunks import Registration
from appliance.telephony.console import Console
from appliance.telephony.places import Places
from appliance.telephony.registrations import registrations
from appliance.telephony.running import running_pid
from appliance.telephony.tree import Tree


def switch_facts(folder: Path) -> Switch:
    """What is installed under ``folder``, and whether it runs."""
    places = Places(folder)
    about = Tree(places.tree).about
    return Switch(about["version"], running_pid(places) is not None) if about else Switch()


def trunk_facts(folder: Path, names: Sequence[str]) -> dict[str, Registration]:
    """How each of these trunks stands; nothing on a machine without a switch."""
    places = Places(folder)
    if not names or Tree(places.tree).about is None:
        return {}
    if running_pid(places) is None:
        return dict.fromkeys(names, Registration.UNKNOWN)
    return registrations(Console(Tree(places.tree), places.config), names)
