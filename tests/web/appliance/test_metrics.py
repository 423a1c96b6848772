from __future__ import annotations

import pytest

from appliance.settings import ApplianceSettings
from appliance.settings.running import MetricsSettings
from common.errors import OperatorError


def scrape(house, address: str, **headers: str):
    return house.browser().get(
        "/metrics", environ_overrides={"REMOTE_ADDR": address}, headers=headers
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.9.9.9"])
def test_this_machine_may_read_them(house, address):
    assert scrape(house, address).status_code == 200


@pytest.mark.parametrize("address", ["192.168.1.7", "::ffff:192.168.1.7", "fe80::1", ""])
def test_a_stranger_may_not(house, address):
    answer = scrape(house, address)
    assert answer.status_code == 403
    assert "callstead_appliance" not in answer.text


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic abc"])
def test_an_empty_token_setting_lets_no_token_in(house, given):
    assert scrape(house, "192.168.1.7", Authorization=given).status_code == 403


def test_a_claimed_address_is_not_believed(house):
    answer = scrape(house, "192.168.1.7", **{"X-Forwarded-For": "127.0.0.1"})
    assert answer.status_code == 403


def test_the_token_opens_them_from_anywhere(build):
    house = build(metrics=MetricsSettings(token="s3cret"))
    assert scrape(house, "192.168.1.7", Authorization="Bearer s3cret").status_code == 200
    assert scrape(house, "192.168.1.7", Authorization="Bearer s3cre").status_code == 403


def test_an_allowed_network_may_read_them(build):
    house = build(metrics=MetricsSettings(networks=("192.168.1.0/24",)))
    assert scrape(house, "192.168.1.7").status_code == 200
    assert scrape(house, "192.168.2.7").status_code == 403
    assert scrape(house, "127.0.0.1").status_code == 403


def test_a_network_that_is_none_is_refused_with_the_key():
    settings = ApplianceSettings(metrics=MetricsSettings(networks=("everyone",)))
    with pytest.raises(OperatorError, match=r"appliance\.metrics\.networks"):
        _ = settings.metrics_networks


def test_requests_are_counted_by_route_and_made_up_paths_do_not_fill_the_memory(house):
    browser = house.browser()
    for number in range(5):
        browser.get(f"/made/up/{number}")
    browser.get("/healthz")
    text = scrape(house, "127.0.0.1").text
    assert 'requests_total{method="GET",route="(none)",status="404"} 5.0' in text
    assert 'requests_total{method="GET",route="/healthz",status="200"} 1.0' in text
    assert 'request_seconds_count{route="/healthz"} 1.0' in text
    assert "made/up" not in text


def test_the_numbers_of_the_moment_are_there(house):
    text = scrape(house, "127.0.0.1").text
    for name in (
        "callstead_appliance_info{version=",
        "callstead_appliance_database_up 1.0",
        "callstead_appliance_communications_up 0.0",
        "callstead_appliance_reports_waiting 0.0",
        "process_resident_memory_bytes",
    ):
        assert name in text


def test_two_appliances_in_one_process_do_not_mix(build):
    one, other = build(), build()
    one.browser().get("/healthz")
    assert 'route="/healthz"' not in scrape(other, "127.0.0.1").text
