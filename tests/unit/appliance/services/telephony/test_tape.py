"""What is recorded of calls, with the switch in memory."""

from __future__ import annotations

import errno
import threading
import wave
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.domain.conversation import State
from appliance.domain.telephony.phones import Number
from appliance.domain.telephony.recording import CallRecording, Stage, What, Why, gaps_in_sound
from appliance.domain.work import UnknownError
from appliance.services import talk
from appliance.services.telephony.forget_recordings import forget_recordings
from appliance.services.telephony.numbers import ask_number, hand_over_to_number
from appliance.services.telephony.privacy import speak_in_private
from appliance.services.telephony.recordings_on_record import differing
from tests.support.exchange import NUMBER, Exchange, exchange
from tests.support.waiting import until

OUTSIDE = "+861060001234"
PRIVATE = timedelta(seconds=60)
SAY = [{"text": "speak", "language": "en"}]
STEPS = {"box": {"kind": "voicemail", "queue": 1, "say": SAY}}


@pytest.fixture
def house(tmp_path) -> Iterator[Exchange]:
    with exchange(tmp_path) as found:
        queue = found.floor.read(lambda work: work.queue(found.queue))
        recorded = replace(queue, phone=replace(queue.phone, record=True))
        found.floor.write(lambda work: work.save_queue(recorded))
        yield found


def writes(house: Exchange, name: str, seconds: float = 2.0) -> bytes:
    """What the switch does while it records."""
    with wave.open(str(house.spool(name)), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\1\2" * int(8000 * seconds))
    return house.spool(name).read_bytes()


def kept(house: Exchange) -> CallRecording:
    def find() -> CallRecording | None:
        found = house.recordings.of(house.conversation().id)
        return next((one for one in found if one.stage is not Stage.RECORDING), None)

    return until(find, 60, "the recording to be kept", house.state, every=0.01)


def begun(house: Exchange, name: str) -> None:
    until(lambda: name in house.switch.recordings(), 60, f"{name} to begin", every=0.01)


def forgotten(house: Exchange, days: int) -> int:
    return forget_recordings(house.floor, house.recordings, house.audit, house.clock.now(), days)


def heard(house: Exchange, one: CallRecording, first: int = 0, last: int | None = None) -> bytes:
    return b"".join(house.recordings.sound(one, first, one.size - 1 if last is None else last))


def talking(house: Exchange) -> tuple[str, str]:
    caller = house.switch.arrives(NUMBER, "+8613800000000")
    house.ready(house.agents[0])
    leg = house.until_rings("101")
    house.switch.phone_answers(leg)
    house.until_together(caller, leg)
    begun(house, "talk-1-1")
    return caller, leg


def test_a_talk_is_recorded_sealed_and_its_hash_is_on_record(house, tmp_path):
    caller, _leg = talking(house)
    wav = writes(house, "talk-1-1", 10.0)
    house.switch.hangs_up(caller)
    house.until_clear()
    one = kept(house)
    assert (one.what, one.stage, one.seconds, one.size) == (What.CALL, Stage.KEPT, 10.0, len(wav))
    assert heard(house, one) == wav
    assert heard(house, one, 70_000, 140_000) == wav[70_000:140_001]
    (sealed,) = (tmp_path / "recordings").rglob("*.sealed")
    assert wav[44:1000] not in sealed.read_bytes()
    assert not house.spool("talk-1-1").exists()
    until(  # the line follows the file
        lambda: any(one.sha256 in line.subject for line in house.audit.latest(10)), 60, "the line"
    )


def test_who_is_held_and_what_is_said_in_private_is_left_out(house):
    talking(house)
    conversation, agent = house.conversation().id, house.agents[0]
    for act, undo in (
        (lambda: house.do(talk.hold, conversation, agent),
         lambda: house.do(talk.resume, conversation, agent)),
        (lambda: house.do(speak_in_private, conversation, agent, on=True, most=PRIVATE),
         lambda: house.do(speak_in_private, conversation, agent, on=False, most=PRIVATE)),
    ):  # fmt: skip
        act()
        until(lambda: house.switch.paused == {"talk-1-1"}, 60, "a pause", every=0.01)
        undo()
        until(lambda: not house.switch.paused, 60, "no pause", every=0.01)
    assert [one["on"] for one in house.events("conversation.private")] == [True, False]
    assert [one.name for one in house.recordings.of(conversation)] == ["talk-1-1"]


def test_a_pause_for_card_data_ends_by_itself_and_is_on_record(house):
    talking(house)
    conversation, agent = house.conversation().id, house.agents[0]
    house.do(speak_in_private, conversation, agent, on=True, most=PRIVATE)
    until(lambda: house.switch.paused == {"talk-1-1"}, 60, "a pause", every=0.01)
    house.later(40.0)
    house.do(speak_in_private, conversation, agent, on=True, most=PRIVATE)  # once more: from now
    house.later(40.0)
    assert house.floor.read(lambda work: work.calls.of(conversation)).private
    house.later(30.0)
    until(lambda: not house.switch.paused, 60, "no pause", every=0.01)
    assert not house.floor.read(lambda work: work.calls.of(conversation)).private
    lines = [(one.who, one.what) for one in house.audit.latest(5)]
    assert ("system", "recording.resumed") in lines


def test_a_call_that_ends_in_a_pause_goes_on_nowhere(house):
    caller, _leg = talking(house)
    conversation, agent = house.conversation().id, house.agents[0]
    house.do(speak_in_private, conversation, agent, on=True, most=PRIVATE)
    house.switch.hangs_up(caller)
    house.until_clear()
    call = lambda: house.floor.read(lambda work: work.calls.of(conversation))  # noqa: E731
    until(lambda: not call().private, 60, "no pause", every=0.01)
    house.crash()  # all steps are over
    assert "recording.resumed" not in [one.what for one in house.audit.latest(9)]


def test_a_pause_does_not_go_along_to_another_agent(house):
    talking(house)
    conversation, agent = house.conversation().id, house.agents[0]
    house.do(speak_in_private, conversation, agent, on=True, most=PRIVATE)
    house.ready(house.agents[1])
    house.do(talk.transfer_to_agent, conversation, agent, house.agents[1])
    call = lambda: house.floor.read(lambda work: work.calls.of(conversation))  # noqa: E731
    until(lambda: not call().private, 60, "no pause", every=0.01)


def test_what_the_switch_told_while_nobody_listened_is_kept_at_the_next_look(house):
    caller, _leg = talking(house)
    writes(house, "talk-1-1")
    house.switch.goes()
    house.switch.hangs_up(caller)
    house.crash()
    house.switch.returns()
    house.until_clear()
    house.crash()
    assert kept(house).stage is Stage.KEPT


def test_a_recording_of_which_nothing_was_written_is_said_to_be_lost(house):
    caller, _leg = talking(house)
    house.switch.hangs_up(caller)
    assert kept(house).stage is Stage.LOST


def test_what_a_killed_switch_has_written_is_kept_as_long_as_it_is(house):
    _caller, _leg = talking(house)
    wav = bytearray(writes(house, "talk-1-1", 10.0))
    wav[4:8] = wav[40:44] = bytes(4)  # the lengths are written at the end
    house.spool("talk-1-1").write_bytes(wav)
    house.switch.dies()
    house.switch.returns()
    one = kept(house)
    assert (one.stage, one.seconds) == (Stage.KEPT, 10.0)
    assert int.from_bytes(heard(house, one)[40:44], "little") == one.size - 44


def test_what_a_lost_switch_has_written_is_kept_without_another_one_once_it_grows_no_more(house):
    talking(house)
    house.switch.dies()
    house.calls.switch_has_ended()
    house.until_state(State.WRAP_UP)
    for seconds in (2.0, 4.0, 6.0):  # it hangs, and not all that it has is written yet
        writes(house, "talk-1-1", seconds)
        house.later(4)
    assert [one.name for one in house.recordings.unfinished()] == ["talk-1-1"]
    house.later(5)
    one = kept(house)
    assert (one.stage, one.seconds) == (Stage.KEPT, 6.0)
    assert not house.spool("talk-1-1").exists()
    assert "recording.kept" in [line.what for line in house.audit.latest(9)]


def test_what_was_written_before_a_start_without_a_switch_is_kept(house):
    talking(house)
    writes(house, "talk-1-1")
    house.switch.dies()
    house.crash()
    house.calls.switch_has_ended()
    house.until_state(State.WRAP_UP)
    house.later(1)
    house.later(5)
    assert kept(house).stage is Stage.KEPT


def test_a_talk_that_may_go_on_at_a_switch_that_is_not_reached_is_left_alone(house):
    talking(house)
    writes(house, "talk-1-1")
    house.switch.goes()
    for _ in range(3):
        house.later(20)
    assert [one.name for one in house.recordings.unfinished()] == ["talk-1-1"]


def test_a_voicemail_of_a_lost_switch_waits_in_its_queue_without_another_one(house):
    leave_word(house)
    writes(house, "message-1")
    house.switch.dies()
    house.calls.switch_has_ended()

    def waits() -> bool:
        house.later(1)
        return house.state() is State.QUEUED

    until(waits, 60, "it to wait", house.state, every=0.05)
    assert house.conversation().channel == "voicemail"
    assert kept(house).what is What.VOICEMAIL


def test_a_full_disk_holds_nobody_up_and_what_was_recorded_is_kept_when_there_is_room(
    house, monkeypatch
):
    def full(*_arguments: object) -> None:
        failed.set()
        raise OSError(errno.ENOSPC, "No space left on device")

    failed = threading.Event()
    caller, _leg = talking(house)
    writes(house, "talk-1-1")
    with monkeypatch.context() as disk:
        disk.setattr("appliance.store.recordings.seal_file", full)
        house.switch.hangs_up(caller)
        assert failed.wait(60)
        house.until_state(State.WRAP_UP)
        house.until_clear()
    house.calls.look()
    assert kept(house).stage is Stage.KEPT


def test_of_a_recording_without_a_sound_no_file_is_left(house):
    caller, _leg = talking(house)
    house.spool("talk-1-1").write_bytes(b"RIFF" + bytes(40))
    house.switch.hangs_up(caller)
    assert kept(house).stage is Stage.LOST
    until(lambda: not house.spool("talk-1-1").exists(), 60, "the file to go", every=0.01)


def test_after_its_days_the_sound_is_gone_and_the_line_stays(house, tmp_path):
    caller, _leg = talking(house)
    writes(house, "talk-1-1")
    house.switch.hangs_up(caller)
    one = kept(house)
    house.clock.advance(3 * 86_400)
    assert forgotten(house, 4) == 0
    assert forgotten(house, 3) == 1
    assert house.recordings.one(one.id).stage is Stage.GONE
    assert not list((tmp_path / "recordings").rglob("*.sealed"))
    with pytest.raises(UnknownError):
        heard(house, one)


def test_a_queue_keeps_its_recordings_for_days_of_its_own(house):
    caller, _leg = talking(house)
    writes(house, "talk-1-1")
    house.switch.hangs_up(caller)
    kept(house)
    queue = house.floor.read(lambda work: work.queue(house.queue))
    house.clock.advance(3 * 86_400)
    for days, of_site, gone in ((5, 2, 0), (2, 90, 1)):
        own = replace(queue, phone=replace(queue.phone, keep_days=days))
        house.floor.write(lambda work, own=own: work.save_queue(own))
        assert forgotten(house, of_site) == gone
    assert house.audit.latest(1)[0].what == "recording.removed"


def test_a_file_that_a_kill_left_is_swept_away(house, tmp_path):
    caller, _leg = talking(house)
    writes(house, "talk-1-1")
    house.switch.hangs_up(caller)
    one = kept(house)
    (sealed,) = (tmp_path / "recordings").rglob("*.sealed")
    left = sealed.read_bytes()
    house.recordings.remove(one)
    sealed.write_bytes(left)
    assert forgotten(house, 90) == 0
    assert not sealed.exists()


def test_recordings_that_are_not_as_the_record_says_are_found(house, tmp_path):
    caller, _leg = talking(house)
    writes(house, "talk-1-1")
    house.switch.hangs_up(caller)
    one = kept(house)
    until(lambda: any(one.sha256 in line.subject for line in house.audit.latest(9)), 60, "a line")
    found = lambda: differing(house.audit.everything(), house.recordings, sound=True)  # noqa: E731
    assert found() == []
    (sealed,) = (tmp_path / "recordings").rglob("*.sealed")
    whole = sealed.read_bytes()
    sealed.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert found() == [one.id]
    house.recordings.remove(one)  # by hand, without a line
    assert found() == [one.id]
    house.audit.record("system", "recording.removed", f"recording {one.id} of conversation 1")
    assert found() == []


def test_what_is_left_out_is_known_to_the_player_also_after_a_kill(house):
    caller, _leg = talking(house)
    conversation, agent = house.conversation().id, house.agents[0]
    house.clock.advance(10.0)
    house.do(speak_in_private, conversation, agent, on=True, most=PRIVATE)
    until(lambda: house.switch.paused == {"talk-1-1"}, 60, "a pause", every=0.01)
    house.crash()
    house.clock.advance(20.0)
    house.do(speak_in_private, conversation, agent, on=False, most=PRIVATE)
    until(lambda: not house.switch.paused, 60, "no pause", every=0.01)
    house.clock.advance(5.0)
    house.do(talk.hold, conversation, agent)
    until(lambda: house.switch.paused == {"talk-1-1"}, 60, "a pause", every=0.01)
    until(lambda: house.recordings.of(conversation)[0].paused, 60, "it to be kept", every=0.01)
    house.clock.advance(7.0)
    writes(house, "talk-1-1", 15.0)
    house.switch.hangs_up(caller)
    gaps = [(gap.at, gap.seconds, gap.why) for gap in gaps_in_sound(kept(house))]
    assert gaps == [(10.0, 20.0, Why.PRIVATE), (15.0, 7.0, Why.HELD)]


def leave_word(house: Exchange) -> str:
    draft = house.flows.add("box", {"start": "box", "steps": STEPS})
    house.flows.publish(draft.id, "ada")
    house.phones.keep_number(Number(NUMBER, house.queue, draft.id))
    caller = house.switch.arrives(NUMBER, "+8613800000000")
    until(lambda: house.switch.hears(caller), 60, "the prompt", every=0.01)
    house.switch.played(caller)
    begun(house, "message-1")
    return caller


@pytest.mark.parametrize("crash", [False, True])
def test_a_voicemail_waits_in_the_queue_as_a_conversation(house, crash):
    caller = leave_word(house)
    wav = writes(house, "message-1")
    if crash:
        house.crash()
    house.switch.hangs_up(caller)
    house.until_state(State.QUEUED)
    assert house.conversation().channel == "voicemail"
    one = kept(house)
    assert (one.what, heard(house, one)) == (What.VOICEMAIL, wav)
    house.ready(house.agents[0])
    house.until_state(State.OFFERED)
    assert house.switch.channels() == []  # no phone rings for it


def test_a_caller_who_ends_the_message_by_a_key_is_hung_up(house):
    leave_word(house)
    writes(house, "message-1")
    house.switch.stop_recording("message-1")
    house.until_state(State.QUEUED)
    until(lambda: not house.switch.channels(), 60, "the end", every=0.01)


def test_who_says_nothing_has_not_called(house):
    caller = leave_word(house)
    writes(house, "message-1", 0.2)
    house.switch.hangs_up(caller)
    house.until_state(State.ABANDONED)
    house.until_clear()


def test_a_talk_whose_end_was_told_to_nobody_is_kept_when_its_call_goes_on_without_an_agent(house):
    caller, leg = talking(house)
    conversation = house.conversation().id
    house.switch.answering.add(OUTSIDE)
    house.do(ask_number, conversation, house.agents[0], OUTSIDE, house.desk.dialling)
    out = until(lambda: house.switch.leg_of(OUTSIDE), 60, "the number", every=0.01) or ""
    house.until_together(caller, leg, out)
    writes(house, "talk-1-1")
    house.calls.stop()
    house.switch.stop_recording("talk-1-1")  # killed between the stop and its being heard of
    house.crash()
    house.do(hand_over_to_number, conversation, house.agents[0], OUTSIDE)
    house.until_state(State.WRAP_UP)
    assert kept(house).stage is Stage.KEPT
    house.until_together(caller, out)
