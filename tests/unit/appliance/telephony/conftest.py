"""A switch that runs, with a script in its place."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.domain.telephony.trunks import Trunk
from appliance.settings import load_settings
from appliance.telephony.places import Places
from appliance.telephony.running import Switch
from appliance.telephony.tree import MARK
from common.clock import SystemClock
from tests.support.fake_switch import make_tree
from tests.support.real_switch import free_port

TELEPHONY = "CALLSTEAD_APPLIANCE_TELEPHONY_"
Setting = Callable[..., None]


@pytest.fixture
def setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setting:
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path))

    def change(**values: object) -> None:
        for key, value in values.items():
            monkeypatch.setenv(TELEPHONY + key.upper(), str(value))

    change(host="127.0.0.1", sip_port=free_port(), ari_port=free_port(socket.SOCK_STREAM))
    return change


@pytest.fixture
def places(setting: Setting) -> Iterator[Places]:
    """Of a switch that runs; it listens nowhere, being a script."""
    setting(trunks="127.0.0.2")
    settings = load_settings()
    found = Places(settings.telephony_folder)
    about = {"version": "22.0.1", "installed_at": "2026-11-21T10:00:00"}
    (make_tree(found.tree) / MARK).write_text(json.dumps(about))
    trunks = [Trunk("city", "sip.example.invalid", "0105550100", "secret", "0105550100")]
    switch = Switch(found, settings.telephony, SystemClock(), lambda: trunks)
    switch.start([])
    yield found
    switch.stop()
