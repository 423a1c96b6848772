"""Whose turn it is to hold the calls, and by which settings."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from appliance.settings import ApplianceSettings
from appliance.settings.telephony import TelephonySettings
from appliance.telephony import link
from appliance.telephony.link import PhoneLink


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happened to the calls."""
    found: list[str] = []

    def begin(self: Any, _places: object) -> None:
        found.append(f"begun with {self._with.outbound!r}")
        self._calls = SimpleNamespace(look=lambda: found.append("looked"))

    def end(self: Any) -> None:
        if self._calls is not None:
            found.append("let go")
        self._calls = None

    monkeypatch.setattr(PhoneLink, "_begin", begin)
    monkeypatch.setattr(PhoneLink, "_end", end)
    monkeypatch.setattr(link, "Tree", lambda _path: SimpleNamespace(about={"version": "22"}))
    monkeypatch.setattr(link, "running_pid", lambda _places: 1)
    return found


def test_settings_that_were_read_anew_hold_for_calls_without_a_restart(tmp_path, told):
    settings = [ApplianceSettings(data_dir=str(tmp_path))]
    turn: Any = SimpleNamespace(mine=lambda: True)
    around: list[Any] = [None] * 7
    phone = PhoneLink(*[None] * 3, turn, lambda: settings[0], *around)  # type: ignore[arg-type]
    phone.look()
    phone.look()
    assert told == ["begun with ''", "looked"]
    more = TelephonySettings(outbound="192.0.2.1")
    settings[0] = ApplianceSettings(data_dir=str(tmp_path), telephony=more)
    phone.look()
    assert told[2:] == ["let go", "begun with '192.0.2.1'"]
    turn.mine = lambda: False
    phone.look()
    assert told[4:] == ["let go"]
