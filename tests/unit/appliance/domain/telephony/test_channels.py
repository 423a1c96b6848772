"""What rings while the switch is silent."""

import pytest

from appliance.domain.telephony.channels import CALLS, can_ring


@pytest.mark.parametrize("channel", sorted(CALLS))
def test_no_call_rings_while_the_switch_is_silent(channel):
    assert can_ring(channel, switch_silent=False)
    assert not can_ring(channel, switch_silent=True)


@pytest.mark.parametrize("channel", ["chat", "email", "voicemail"])
def test_what_needs_no_telephone_rings_whatever_the_switch_does(channel):
    assert can_ring(channel, switch_silent=True)
