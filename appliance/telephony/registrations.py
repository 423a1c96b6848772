"""How registered trunks stand with their providers, as the running switch says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from appliance.domain.telephony.trunks import Registration
from appliance.telephony.configure import trunk_name
from appliance.telephony.console import Console
from appliance.telephony.places import Places

_SECTION = re.compile(rf"^\[{trunk_name('')}([a-z0-9-]+)\]\ntype = registration$", re.MULTILINE)
_MATCH = re.compile(r"^match = (\S+)$", re.MULTILINE)
COMMAND = "pjsip show registrations"
_WORDS = {"Registered": Registration.REGISTERED, "Rejected": Registration.REFUSED}


def registrations(console: Console, names: Iterable[str]) -> dict[str, Registration]:
    """Of each trunk by name; asks the switch only when there are any."""
    wanted = list(names)
    if not wanted:
        return {}
    told = console.ask(COMMAND)
    found = {}
    for name in wanted:
        mark = f"{trunk_name(name)}/"
        line = next((one.split() for one in told.splitlines() if one.strip().startswith(mark)), [])
        word = next((one for one in line[1:] if one in _WORDS), "")
        absent = Registration.SILENT if line else Registration.UNKNOWN
        found[name] = _WORDS.get(word, absent)
    return found


def configured_trunks(places: Places) -> list[str]:
    """The trunks that the switch was last told of; without opening the database."""
    return _SECTION.findall(_told(places))


def registrar(places: Places, trunk: str) -> str:
    """Where the switch registers for it, as it was last told; empty: nowhere."""
    section = _told(places).partition(f"[{trunk_name(trunk)}]\ntype = registration\n")[2]
    found = re.match(r"(?:[^\[].*\n)*?server_uri = sip:(\S+)", section)
    return found[1] if found else ""


def callers_from(places: Places) -> set[str] | None:
    """The addresses from which calls come without a registration, as it was last told.

    None: it was told nothing yet.
    """
    told = _told(places)
    return set(_MATCH.findall(told)) if told else None


def _told(places: Places) -> str:
    path = places.config / "pjsip.conf"
    return path.read_text("utf-8") if path.exists() else ""
