"""Our switch registers with another one, which knows it by a password as it would know a phone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.domain.telephony.phones import Phone, digest_of
from appliance.domain.telephony.provider import Arrived, Connected, End, Ended
from appliance.domain.telephony.trunks import Registration, Trunk
from appliance.telephony.ari.provider import AriProvider
from appliance.telephony.configure import ari_password, way_out
from appliance.telephony.registrations import registrations
from tests.contract.telephony.people import Heard
from tests.support.real_switch import PASSWORD, RealSwitch, real_switch
from tests.support.waiting import until

pytestmark = pytest.mark.long

PHONE = Phone("101", 1, digest_of("101", PASSWORD))


def until_stands(ours: RealSwitch, state: Registration) -> None:
    def stands() -> bool:
        return registrations(ours.switch.console, ["city"]) == {"city": state}

    until(stands, 60, str(state), lambda: ours.switch.console.ask("pjsip show registrations"))


def test_it_is_refused_registered_called_and_calls(tmp_path_factory):
    with (
        real_switch(tmp_path_factory.mktemp("p"), ["900"]) as provider,
        real_switch(tmp_path_factory.mktemp("s"), ["101"]) as ours,
    ):
        server = f"127.0.0.1:{provider.settings.sip_port}"
        trunk = Trunk("city", server, "900", PASSWORD, "900")
        ours.switch.trunks = lambda: [replace(trunk, password="wrong")]
        ours.switch.reload([PHONE])
        until_stands(ours, Registration.REFUSED)
        ours.switch.trunks = lambda: [trunk]
        ours.switch.reload([PHONE])
        until_stands(ours, Registration.REGISTERED)

        settings = replace(ours.settings, outbound="city")
        switch = AriProvider(
            settings.ari_port, ari_password(ours.places),
            lambda number: way_out(settings, number, ["city"]),
        )  # fmt: skip
        heard, theirs, told = Heard(), provider.provider(), Heard()
        switch.start(heard)
        theirs.start(told)
        heard.wait(Connected)
        told.wait(Connected)
        theirs.call("leg-1", ["900"], "+8613800000000", 30)
        arrived = heard.wait(Arrived).channel
        assert (arrived.called, arrived.caller) == ("900", "+8613800000000")
        switch.hang_up(arrived.id)
        heard.wait(Ended)
        heard.events.clear()
        # Their switch knows who calls, and lets its phones call nobody.
        switch.dial("out-1", "010555", "", 30)
        assert heard.wait(Ended) == Ended("out-1", End.BUSY)
        switch.stop()
        theirs.stop()
