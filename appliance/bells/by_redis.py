"""The bell between machines: one channel of Redis' publish and subscribe.

Redis keeps nothing of it: a ring is the name of who rang,
with words behind it or without. When Redis
is away, or answers slowly, nobody waits for it: a thread of its own rings, and tries again.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.retry import Retry

from appliance.bells import MOST_WORDS, Hear, nobody_listens
from common.backoff import Backoff
from common.errors import OperatorError
from common.logs import get_logger

log = get_logger(__name__)

_TIMEOUT = 5.0  # seconds for connecting and for each answer
_LOOK_SECONDS = 1.0  # between two looks whether to end
_HEALTH_SECONDS = 15  # an idle connection is tried so often
_MOST_WAITING = 1000  # words; the oldest are lost while Redis is away
_WELL_SECONDS = 60.0  # what worked for so long fails anew
_BACKOFF = Backoff(first=0.5, most=10.0)


def connection(url: str) -> Redis:
    """Redis at ``url`` (``redis://``, ``rediss://`` with TLS, ``unix://``); not connected yet.

    Raises:
        OperatorError: it is no such address.
    """
    try:
        return Redis.from_url(
            url, protocol=2, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT,
            socket_keepalive=True, health_check_interval=_HEALTH_SECONDS,
            retry=Retry(NoBackoff(), 0),  # we try again ourselves, and say so
        )  # fmt: skip
    except ValueError as error:
        raise OperatorError(
            "appliance.nodes.redis_url is not the address of a Redis; write it like "
            "redis://:password@host:6379/0, or rediss:// for TLS."
        ) from error


class RedisBell:
    """See `appliance.bells.Bell`.

    Args:
        url: see `connection`.
        channel: the same for all processes of one appliance, and another for each appliance.

    Raises:
        OperatorError: ``url`` is no address of a Redis.
    """

    def __init__(self, url: str, channel: str) -> None:
        self._redis = connection(url)
        self._channel = channel
        self._me = secrets.token_hex(8).encode()
        self._rung, self._ending = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._ring_due = False
        self._words: deque[bytes] = deque(maxlen=_MOST_WAITING)

    def start(self, heard: Callable[[], None], told: Hear = nobody_listens) -> None:
        """Listen."""
        for name, work in (
            ("bell-ring", self._ring_all),
            ("bell-hear", lambda: self._hear(heard, told)),
        ):
            thread = threading.Thread(target=self._keep_at, args=(work,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def ring(self) -> None:
        """Tell the others that there is something."""
        self._ring_due = True
        self._rung.set()

    def tell(self, text: str) -> None:
        """Tell the others this."""
        words = text.encode()
        if len(words) <= MOST_WORDS and self._threads:
            self._words.append(words)
            self._rung.set()

    def stop(self) -> None:
        """Neither ring nor listen any more."""
        self._ending.set()
        self._rung.set()
        for thread in self._threads:
            thread.join(_TIMEOUT + _LOOK_SECONDS)
        with contextlib.suppress(RedisError):
            self._redis.close()

    def _ring_all(self) -> None:
        """Until the end, one ring for all that were asked for meanwhile. Raises RedisError."""
        while not self._ending.is_set():
            self._rung.wait()
            self._rung.clear()  # before: what is committed from now on rings again
            if self._ring_due:
                self._ring_due = False
                self._redis.publish(self._channel, self._me)
            while self._words:
                self._redis.publish(self._channel, self._me + self._words.popleft())

    def _hear(self, heard: Callable[[], None], told: Hear) -> None:
        """Until the end. Raises RedisError."""
        with PubSub(self._redis.connection_pool, ignore_subscribe_messages=True) as listening:
            listening.subscribe(self._channel)
            heard()  # whatever rang while we did not listen
            while not self._ending.is_set():
                rang = listening.get_message(timeout=_LOOK_SECONDS)
                if rang is None or rang["data"].startswith(self._me):
                    continue
                words = rang["data"][len(self._me) :]
                if words:
                    told(words.decode(errors="replace"))
                else:
                    heard()

    def _keep_at(self, work: Callable[[], None]) -> None:
        failures = 0
        while not self._ending.is_set():
            began = time.monotonic()
            try:
                work()
            except (RedisError, OSError) as error:
                failures = 1 if time.monotonic() - began > _WELL_SECONDS else failures + 1
                if failures == 1:
                    log.warning("bell.away", reason=str(error), meanwhile="a look each second")
                self._ending.wait(_BACKOFF.delay(failures))
