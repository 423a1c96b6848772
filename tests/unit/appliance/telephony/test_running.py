"""Starting, adopting, watching and ending the switch, with a script in its place."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import psutil
import pytest

from appliance.domain.telephony.phones import Phone
from appliance.settings_telephony import TelephonySettings
from appliance.telephony.places import Places
from appliance.telephony.running import Switch, keep_running, running_pid
from appliance.telephony.tree import MARK
from common.clock import SystemClock
from common.errors import OperatorError
from tests.support.fake_switch import make_tree
from tests.support.waiting import until


@pytest.fixture
def places(tmp_path) -> Iterator[Places]:
    found = Places(tmp_path / "t")
    found.make()
    (make_tree(found.tree) / MARK).write_text(json.dumps({"version": "22.0.1"}))
    yield found
    pid = running_pid(found)
    if pid is not None:
        psutil.Process(pid).kill()


def switch(places: Places) -> Switch:
    return Switch(places, TelephonySettings(stop_seconds=2), SystemClock())


def asked(places: Places) -> list[str]:
    return (places.run / "asked").read_text().splitlines()


def test_it_starts_configured_and_is_gone_when_stop_returns(places):
    one = switch(places)
    assert one.start([]) == "22.0.1"
    pid = running_pid(places)
    assert pid is not None
    assert (places.config / "pjsip.conf").exists()
    one.stop()
    assert running_pid(places) is None
    assert not psutil.pid_exists(pid)


def test_one_that_outlived_its_keeper_is_adopted_and_told_what_changed(places):
    first, second = switch(places), switch(places)
    first.start([])
    pid = running_pid(places)
    assert second.start([Phone("101", 1, "d" * 32)]) == "22.0.1"
    assert running_pid(places) == pid
    assert "core reload" in asked(places)
    second.stop()
    first.stop()


def test_one_that_runs_and_is_silent_is_ended_and_started_again(places):
    first = switch(places)
    first.start([])
    pid = running_pid(places)
    (places.run / "silent").touch()
    # The script reads the file at each question: the new one answers.
    until(lambda: not first.console.ask("x"), 60, "silence")

    second = switch(places)
    threading.Timer(0.5, (places.run / "silent").unlink).start()
    second.start([])
    assert running_pid(places) not in {None, pid}
    second.stop()
    first.stop()


def test_it_is_started_again_when_it_ends_by_itself(places):
    stop, ready = threading.Event(), threading.Event()
    one = switch(places)
    keeper = threading.Thread(
        target=keep_running,
        args=(one, list, stop, lambda _version: ready.set(), threading.Event()),
    )
    keeper.start()
    assert ready.wait(60)
    first = running_pid(places)
    assert first is not None
    psutil.Process(first).kill()
    until(lambda: running_pid(places) not in {None, first}, 60, "another switch")
    stop.set()
    keeper.join(60)
    assert running_pid(places) is None


def test_who_hands_over_leaves_it_running_and_the_next_one_has_it(places):
    stop, leaves = threading.Event(), threading.Event()
    for event in (leaves, stop):
        event.set()
    pids: list[int | None] = []
    releases = [switch(places), switch(places)]
    for one in releases:
        keep_running(one, list, stop, lambda _version: None, leaves)
        pids.append(running_pid(places))
    assert pids[0] is not None
    assert pids == [pids[0]] * 2
    for one in reversed(releases):
        one.stop()


def test_a_number_that_became_another_programs_is_not_taken_for_the_switch(places):
    (places.run / "asterisk.pid").write_text(str(psutil.Process().pid))
    assert running_pid(places) is None


def test_without_an_installed_switch_it_says_how_to_get_one(tmp_path):
    with pytest.raises(OperatorError, match="telephony install"):
        switch(Places(tmp_path / "none")).start([])
