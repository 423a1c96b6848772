"""SIGSTOP of the switch in a call: for a moment, and for good; and its end without another one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import psutil
import pytest
from sqlalchemy import select

from appliance.domain.agent_state import Presence
from appliance.domain.conversation import State
from appliance.domain.telephony.recording import Stage
from appliance.store.recordings import RecordingRow
from appliance.telephony.running import running_pid
from tests.support.call_states import AGENT, QUEUE
from tests.support.phone_ground import Ground, started

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
_LOST = 10  # seconds: the least that can be set


@pytest.fixture
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with started(tmp_path_factory.mktemp("phone"), lost_seconds=_LOST) as found:
        yield found


def hang(ground: Ground) -> int:
    pid = running_pid(ground.real.places)
    assert pid is not None
    stopped = psutil.Process(pid)

    def hangs() -> bool:
        stopped.suspend()
        return stopped.status() == psutil.STATUS_STOPPED

    ground.until(hangs, "it to hang")
    return pid


def speak(ground: Ground) -> None:
    ground.until(lambda: ground.room() == 2, "them to speak")


def silent(ground: Ground) -> bool:
    return ground.floor.read(lambda work: work.switch_silent)


def test_nobody_is_blamed_for_calls_that_could_not_ring_and_they_ring_when_it_goes_on(ground):
    (queue,) = ground.floor.read(lambda work: list(work.queues().values()))
    ground.floor.write(lambda work: work.save_queue(replace(queue, ring=5)))
    ground.picks_up(AGENT)
    contacts = lambda: ground.real.switch.console.ask("pjsip show contacts")  # noqa: E731
    ground.until(lambda: " Avail " in contacts(), "the phone to be known to be there")
    ground.calls(QUEUE)
    pid = hang(ground)
    hung = time.monotonic()
    ground.ready(AGENT)  # it is offered, and runs out, before the hang is noticed
    ground.until(lambda: ground.conversation().declined, "the offer to run out")
    ground.until(lambda: silent(ground), "the hang to be noticed")
    assert time.monotonic() - hung < 15
    ground.until(lambda: not ground.conversation().declined, "it to be forgiven")
    agent = ground.agents[AGENT]
    presence = lambda: ground.floor.read(lambda work: work.agent(agent)).presence  # noqa: E731
    assert presence() is Presence.AVAILABLE
    time.sleep(7)
    assert ground.conversation().state is State.QUEUED
    psutil.Process(pid).resume()
    speak(ground)
    assert not silent(ground)
    assert presence() is Presence.AVAILABLE
    ground.hang_up()
    ground.leaves_nothing(State.WRAP_UP)


def test_a_call_outlives_a_moments_hang_and_a_switch_that_stays_so_is_replaced(ground):
    ground.calls(QUEUE)
    ground.picks_up(AGENT)
    ground.ready(AGENT)
    speak(ground)
    first = hang(ground)
    time.sleep(5)
    psutil.Process(first).resume()
    speak(ground)
    assert ground.conversation().state is State.ACTIVE
    hang(ground)
    ground.until(lambda: running_pid(ground.real.places) not in {None, first}, "another switch")
    ground.until(lambda: ground.conversation().state is State.WRAP_UP, "the end of the call")
    number = ground.conversation().id
    call = ground.floor.read(lambda work: work.calls.of(number))
    assert call is not None
    assert call.outcome == "switch_lost"
    ground.real.hush()
    ground.leaves_nothing(State.WRAP_UP)
    ground.calls(QUEUE)
    ground.hang_up()
    ground.leaves_nothing(State.ABANDONED)


def test_what_a_killed_switch_has_recorded_is_put_away_without_another_one(ground):
    ground.calls(QUEUE)
    ground.picks_up(AGENT)
    ground.ready(AGENT)
    speak(ground)
    ground.until(ground.recording, "a recording")
    ground.keeper.kill()
    ground.keeper.wait(30)
    psutil.Process(running_pid(ground.real.places)).kill()
    ground.until(lambda: ground.conversation().state is State.WRAP_UP, "the end of the call")
    spool = ground.real.places.recorded("x").parent
    ground.until(lambda: not list(spool.glob("*.wav")), "the recording to be put away")
    with ground._database.read() as session:
        (one,) = session.scalars(select(RecordingRow))
        assert (one.stage, len(one.sha256)) == (Stage.KEPT, 64)
        assert one.seconds > 1
    assert running_pid(ground.real.places) is None
