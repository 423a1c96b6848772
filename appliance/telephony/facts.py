"""The switch's own particulars, for the status page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from appliance.domain.running import Switch, SwitchState
from appliance.domain.telephony.trunks import Registration
from appliance.telephony.ari.connection import APPLICATION
from appliance.telephony.console import FOLLOWERS, Console
from appliance.telephony.names import host_of, nowhere
from appliance.telephony.places import Places
from appliance.telephony.registrations import registrar, registrations
from appliance.telephony.running import running_pid
from appliance.telephony.tree import Tree
from common.locks import is_held

_SECONDS = 3.0  # somebody waits for the page
_IN_VAIN = {Registration.REFUSED, Registration.SILENT}


def switch_facts(folder: Path) -> Switch:
    """What is installed under ``folder``, and how it is found."""
    places = Places(folder)
    about = Tree(places.tree).about
    return Switch(about["version"], _state(places)) if about else Switch()


def trunk_facts(folder: Path, names: Sequence[str]) -> dict[str, Registration]:
    """How each of these trunks stands; nothing on a machine without a switch."""
    places = Places(folder)
    if not names or Tree(places.tree).about is None:
        return {}
    return {name: state for name, (state, _why) in trunk_states(places, names).items()}


def trunk_states(places: Places, names: Sequence[str]) -> dict[str, tuple[Registration, str]]:
    """How each of these trunks stands, and why its server's name leads nowhere, if it does."""
    if running_pid(places) is None:
        return dict.fromkeys(names, (Registration.UNKNOWN, ""))
    found = {}
    for name, state in registrations(_console(places), names).items():
        host = host_of(registrar(places, name)) if state in _IN_VAIN else ""
        why = nowhere(host) if host else ""  # to the switch that is a refusal like any other
        found[name] = (Registration.NOT_FOUND if why else state, why)
    return found


def _state(places: Places) -> SwitchState:
    if running_pid(places) is None:
        return SwitchState.ENDED
    followers = _console(places).ask(FOLLOWERS)
    if not followers:
        return SwitchState.SILENT
    if APPLICATION not in followers.split():
        return SwitchState.ALONE
    return SwitchState.WORKS if is_held(places.run_lock) else SwitchState.UNWATCHED


def _console(places: Places) -> Console:
    return Console(Tree(places.tree), places.config, _SECONDS)
