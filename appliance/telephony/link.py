"""The phone role of a process: one of all processes holds the calls of this machine's switch.

Whoever holds the lease reaches the switch, and follows the feed's floor: what agents and time do to
a call in any process is told there in the same transaction.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import orjson

from appliance.domain.audit import Audit
from appliance.domain.live import FLOOR
from appliance.domain.telephony.channels import CALLS
from appliance.ops.turn import Turn
from appliance.services.telephony.calls import Calls
from appliance.services.telephony.front_desk import FrontDesk
from appliance.services.telephony.sayer import Words
from appliance.services.telephony.silence import Keep, Silence
from appliance.services.telephony.tape import Shelf
from appliance.services.waiting_places import Places as WaitingPlaces
from appliance.settings import ApplianceSettings
from appliance.store.floor import SqlFloor
from appliance.store.flows import SqlFlows
from appliance.store.live import SqlLive
from appliance.store.phones import SqlPhones
from appliance.store.recordings import SqlRecordings
from appliance.telephony.ari.provider import AriProvider
from appliance.telephony.ari.web_socket import SILENCE_SECONDS
from appliance.telephony.configure import ari_password, way_out
from appliance.telephony.places import Places
from appliance.telephony.running import running_pid
from appliance.telephony.speech import Speech
from appliance.telephony.tree import Tree
from common.clock import Clock
from common.feed.storage import CursorGoneError, Fresh
from common.logs import get_logger
from common.processors import on_any, on_one

log = get_logger(__name__)

LOOK_SECONDS = 5.0
_FALLBACK_SECONDS = 1.0  # commits of other processes are heard so late when no bell rings
_BATCH = 500


class PhoneLink:
    """Begins when it is this process's turn, and there is a switch; ends with the turn.

    Args:
        floor: the core.
        live: the feed.
        phones: who has which phone.
        turn: the lease of the phone.
        settings: where the switch is, and the rules of calls; those of now.
        flows: what callers go through, and prompts.
        words: texts for announcements.
        clock: for what is due.
        recordings: where they are kept.
        audit: gets their hashes.
        trunks: the names of those that we register with.
        keep_silence: see `appliance.services.telephony.silence.Silence`.
    """

    def __init__(
        self,
        floor: SqlFloor,
        live: SqlLive,
        phones: SqlPhones,
        turn: Turn,
        settings: Callable[[], ApplianceSettings],
        flows: SqlFlows,
        words: Words,
        clock: Clock,
        recordings: SqlRecordings,
        audit: Audit,
        trunks: Callable[[], Collection[str]],
        keep_silence: Keep,
    ) -> None:
        self._keep_silence = keep_silence
        self._floor, self._live, self._phones, self._turn = floor, live, phones, turn
        self._flows, self._words, self._clock = flows, words, clock
        self._recordings, self._audit = recordings, audit
        self._settings, self._trunks = settings, trunks
        self._with = settings().telephony
        self._calls: Calls | None = None
        self._cursor, self._cursor_lock = 0, threading.Lock()
        self._awake = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Now and then: begin, go on, or let another process go on."""
        if self._ending.is_set():
            return
        settings = self._settings()
        places = Places(settings.telephony_folder)
        mine = Tree(places.tree).about is not None and self._turn.mine()
        if not mine or settings.telephony != self._with:  # read anew: as after a restart
            self._end()
        if mine and self._calls is None:
            self._with = settings.telephony
            self._begin(places)
        elif self._calls is not None:
            if running_pid(places) is None:
                self._calls.switch_has_ended()
            self._calls.look()

    def wake(self) -> None:
        """Another process has committed something; cheap, any thread."""
        self._awake.set()

    def committed(self, fresh: Sequence[Fresh]) -> None:
        """This process has; what follows right on what was heard need not be read."""
        calls = self._calls
        news = [one for one in fresh if one.topic == FLOOR]
        if calls is None or not news:
            return
        with self._cursor_lock:
            follows = news[0].seq == self._cursor + 1
            if follows:
                self._cursor = news[-1].seq
        if follows:
            _tell(calls, [orjson.loads(one.text) for one in news])
        else:
            self._awake.set()

    def stop(self) -> None:
        """Let go of the switch, and of the turn; the calls go on."""
        self._ending.set()
        self._end()
        self._turn.give_back()

    def _begin(self, places: Places) -> None:
        places.make()
        telephony = self._with
        switch = AriProvider(
            telephony.ari_port, ari_password(places),
            lambda number: way_out(telephony, number, self._trunks()),
            float(telephony.answer_seconds),
        )  # fmt: skip
        speech = Speech(places.prompts, Tree(places.tree), self._flows.samples)
        desk = FrontDesk(
            self._flows,
            speech,
            WaitingPlaces(self._floor, _to_nobody).of,
            self._words,
            self._clock,
            Shelf(self._recordings, self._audit, places.recorded),
            telephony.dialling,
            float(telephony.return_seconds),
            float(telephony.lost_seconds),
        )
        noticed = SILENCE_SECONDS + telephony.answer_seconds
        silence = Silence(self._floor, self._keep_silence, noticed)
        # First the place in the feed, then the state: what happens in between is seen twice.
        self._cursor = self._live.head(FLOOR)
        with on_one(self._floor.writer) if telephony.one_processor else contextlib.nullcontext():
            self._calls = calls = Calls(
                self._floor, switch, self._phones, desk, silence,
                program=partial(running_pid, places),
            )  # fmt: skip
            calls.start()
        stop = threading.Event()
        thread = threading.Thread(
            target=self._follow, args=(calls, stop), name="phone-feed", daemon=True
        )
        self._stop_following: Callable[[], None] = stop.set
        self._thread = thread
        thread.start()
        log.info("phone.begun", ari_port=telephony.ari_port)

    def _end(self) -> None:
        calls, self._calls = self._calls, None
        if calls is None:
            return
        self._stop_following()
        self._awake.set()
        if self._thread is not None:
            self._thread.join(30)
        calls.stop()
        on_any(self._floor.writer)

    def _follow(self, calls: Calls, stop: threading.Event) -> None:
        while not stop.is_set():
            self._awake.wait(_FALLBACK_SECONDS)
            self._awake.clear()
            try:
                self._catch_up(calls)
            except CursorGoneError as gone:
                with self._cursor_lock:
                    self._cursor = gone.head
                calls.look()
            except Exception:  # the database may be away; the next look catches up
                log.exception("phone.feed_failed")
                with contextlib.suppress(Exception):
                    stop.wait(_FALLBACK_SECONDS)

    def _catch_up(self, calls: Calls) -> None:
        while events := self._live.read(FLOOR, self._cursor, _BATCH):
            with self._cursor_lock:
                self._cursor = max(self._cursor, events[-1].seq)
            _tell(calls, [event.data for event in events])


def _tell(calls: Calls, news: Sequence[Mapping[str, object]]) -> None:
    """Each call once, however much was told of it."""
    told = (one.get("conversation") for one in news if one.get("channel") in CALLS)
    for conversation in dict.fromkeys(told):
        if isinstance(conversation, int):
            calls.changed(conversation)


def _to_nobody(_topic: str, _kind: str, _what: Mapping[str, object]) -> None:
    """Callers are told by voice."""
