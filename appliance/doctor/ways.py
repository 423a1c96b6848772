"""The telephones' part of `callstead doctor`, on: by which ways calls come in and go out."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from appliance.settings import ApplianceSettings
from appliance.store.database import Database, database_url, is_there
from appliance.store.phones import SqlPhones
from appliance.telephony.names import host_of, nowhere
from appliance.telephony.places import Places
from appliance.telephony.registrations import callers_from, configured_trunks
from appliance.telephony.running import running_pid
from common.doctor import Check, Result
from common.errors import OperatorError

_TRUNK_ADD = "`callstead appliance telephony trunk add`"


def ways_checks(settings: ApplianceSettings, places: Places) -> Iterator[Check]:
    """Numbers, trunks, and calls to outside; for a machine with a switch."""
    yield Check("telephony: numbers", lambda: _numbers(settings))
    yield Check("telephony: trunks", lambda: _trunks(settings, places))
    if settings.telephony.outbound:
        yield Check("telephony: calls out", lambda: _outbound(settings, places))


def _numbers(settings: ApplianceSettings) -> Result:
    name = "telephony: numbers"
    try:
        numbers = _known_numbers(settings)
    except (OperatorError, SQLAlchemyError):  # the check of the database tells it
        return Result(name, True, "not looked at, for want of a database")
    if not numbers:
        return Result(
            name, False, "no number leads to a queue, so no call is answered",
            "Add the numbers that people call, as the trunk sends them: `callstead appliance "
            "telephony number add`, or in the desk under Administration, Calls.",
        )  # fmt: skip
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return Result(name, True, f"{', '.join(numbers[:5])}{more}")


def _known_numbers(settings: ApplianceSettings) -> list[str]:
    url = database_url(settings.database_url, settings.folder)
    if not is_there(url):
        return []
    database = Database(url)
    try:
        return [one.number for one in SqlPhones(database).numbers()]
    finally:
        database.close()


def _trunks(settings: ApplianceSettings, places: Places) -> Result:
    name = "telephony: trunks"
    wanted, registered = settings.telephony.trunks, configured_trunks(places)
    if not wanted and not registered:
        return Result(
            name, False, "there is no trunk, so nobody outside can call",
            "Set appliance.telephony.trunks to the addresses from which the provider calls, or "
            f"register with it: {_TRUNK_ADD}.",
        )  # fmt: skip
    taken = callers_from(places)
    if running_pid(places) is not None and taken is not None and taken != set(wanted):
        return Result(
            name, False, "the running switch knows other trunks than the settings: "
            f"{', '.join(sorted(taken)) or 'none'}",
            "Let it read them: `systemctl reload callstead-telephony`, or end `callstead "
            "appliance telephony run` by SIGHUP and start it again; no call is cut.",
        )  # fmt: skip
    return Result(name, True, ", ".join((*wanted, *registered)))


def _outbound(settings: ApplianceSettings, places: Places) -> Result:
    """Whether a call to outside has a trunk that exists, and a number that it may call."""
    name, out = "telephony: calls out", settings.telephony.outbound
    if out not in configured_trunks(places):
        why = nowhere(host_of(out))
        if why:
            return Result(
                name, False, f"appliance.telephony.outbound is {out}: no trunk has this name, "
                f"and no machine either ({why})",
                "Correct it: `callstead appliance telephony trunk list` names the trunks that we "
                "register with; of a provider's machine its address or name.",
            )  # fmt: skip
    if not settings.telephony.allowed_prefixes:
        return Result(
            name, False, "no number outside may be called",
            "Set appliance.telephony.allowed_prefixes to the beginnings of numbers that may.",
        )  # fmt: skip
    allowed = ", ".join(settings.telephony.allowed_prefixes[:5])
    return Result(name, True, f"over {out}, numbers that begin with {allowed}")
