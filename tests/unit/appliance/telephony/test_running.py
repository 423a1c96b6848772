"""Starting, adopting, watching and ending the switch, with a script in its place."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import psutil
import pytest

from appliance.domain.telephony.phones import Phone
from appliance.settings.telephony import TelephonySettings
from appliance.telephony import running
from appliance.telephony.places import Places
from appliance.telephony.running import Switch, keep_running, running_pid
from appliance.telephony.tree import MARK
from common.clock import SystemClock
from common.errors import OperatorError
from tests.support.fake_switch import make_tree
from tests.support.real_switch import free_port
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


@pytest.fixture(scope="module")
def settings() -> TelephonySettings:
    return TelephonySettings(
        host="127.0.0.1", sip_port=free_port(), ari_port=free_port(socket.SOCK_STREAM),
        stop_seconds=2,
    )  # fmt: skip


@pytest.fixture
def switch(places: Places, settings: TelephonySettings) -> Callable[..., Switch]:
    return lambda **other: Switch(places, replace(settings, **other), SystemClock())


class Looks(threading.Event):
    """A stop that comes after so many looks."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._left = number

    def wait(self, timeout: float | None = None) -> bool:
        self._left -= 1
        return self._left < 0


def asked(places: Places) -> list[str]:
    return (places.run / "asked").read_text().splitlines()


def test_it_starts_configured_and_is_gone_when_stop_returns(places, switch):
    one = switch()
    assert one.start([]) == "22.0.1"
    pid = running_pid(places)
    assert pid is not None
    assert (places.config / "pjsip.conf").exists()
    one.stop()
    assert running_pid(places) is None
    assert not psutil.pid_exists(pid)


def test_one_that_ends_in_the_middle_of_a_look_is_no_zombie(places, switch, monkeypatch):
    def dies(process: psutil.Process) -> str:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        return psutil.STATUS_ZOMBIE

    one = switch()
    one.start([])
    pid = running_pid(places)
    monkeypatch.setattr(psutil.Process, "status", dies)
    one.stop()
    assert not psutil.pid_exists(pid)


def test_one_that_outlived_its_keeper_is_adopted_and_told_what_changed(places, switch):
    first, second = switch(), switch()
    first.start([])
    pid = running_pid(places)
    assert second.start([Phone("101", 1, "d" * 32)]) == "22.0.1"
    assert running_pid(places) == pid
    assert "core reload" in asked(places)
    second.stop()
    first.stop()


def test_one_that_runs_and_is_silent_is_ended_and_started_again(places, switch):
    first = switch()
    first.start([])
    pid = running_pid(places)
    (places.run / "silent").touch()
    # The script reads the file at each question: the new one answers.
    until(lambda: not first.console.ask("x"), 60, "silence")

    second = switch()
    threading.Timer(0.5, (places.run / "silent").unlink).start()
    second.start([])
    assert running_pid(places) not in {None, pid}
    second.stop()
    first.stop()


def test_one_that_stays_silent_is_ended_and_another_takes_its_place(places, switch, monkeypatch):
    monkeypatch.setattr(running, "_ASK_SECONDS", 0.0)
    stop, ready = threading.Event(), threading.Event()
    keeper = threading.Thread(
        target=keep_running,
        args=(switch(lost_seconds=0), list, stop, lambda _: ready.set(), threading.Event()),
    )
    keeper.start()
    assert ready.wait(60)
    first = running_pid(places)
    (places.run / "silent").touch()
    until(lambda: running_pid(places) != first, 60, "its end")
    (places.run / "silent").unlink()
    until(lambda: running_pid(places) not in {None, first}, 60, "another switch")
    stop.set()
    keeper.join(60)
    assert running_pid(places) is None


def test_at_each_look_folders_that_are_gone_are_made_again_and_memory_is_given_back(places, switch):
    one = switch(trim_minutes=0)
    one.start([])
    recordings = places.recorded("one").parent
    shutil.rmtree(recordings)
    one.watch(Looks(1), list)
    assert recordings.is_dir()
    assert "malloc trim" in asked(places)
    one.stop()


@pytest.mark.parametrize("key", ["sip_port", "ari_port"])
def test_without_a_port_it_does_not_start_and_says_which_one(places, switch, key):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OperatorError, match=f"TCP port {port}.*another program.*{key}"):
            switch(**{key: port}).start([])
    assert running_pid(places) is None


def test_it_is_started_again_when_it_ends_by_itself(places, switch):
    stop, ready = threading.Event(), threading.Event()
    one = switch()
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


def test_who_hands_over_leaves_it_running_and_the_next_one_has_it(places, switch):
    stop, leaves = threading.Event(), threading.Event()
    for event in (leaves, stop):
        event.set()
    pids: list[int | None] = []
    releases = [switch(), switch()]
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
        Switch(Places(tmp_path / "none"), TelephonySettings(), SystemClock()).start([])
