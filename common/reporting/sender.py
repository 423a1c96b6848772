"""A daemon thread that sends what waits in a `ReportFolder`, for as long as it takes."""

from __future__ import annotations

import gzip
import os
import ssl
import threading
import time
from collections import deque
from pathlib import Path

import urllib3
from sentry_sdk.consts import EndpointType
from sentry_sdk.utils import Dsn, logger

from common.backoff import Backoff
from common.reporting.files import CLIENT_REPORT, ReportFolder

# What the server answers to an envelope that it will never take, whenever it comes.
_NEVER = {400, 413}
_MOST_RETRY_AFTER = 300.0
_MOST_HELD = 100


class Sender:
    """Sends oldest first; removes a report only after an answer of 2xx.

    Args:
        reports: the folder.
        dsn: where to.
        ca_file: PEM of the site's CA; None: the machine's own authorities.
        backoff: pauses after failures.
        look_seconds: how often to look for reports that another process left.
        timeout: seconds for connecting, and for each read.
    """

    def __init__(
        self,
        reports: ReportFolder,
        dsn: Dsn,
        *,
        ca_file: Path | None = None,
        backoff: Backoff | None = None,
        look_seconds: float = 2.0,
        timeout: float = 10.0,
    ) -> None:
        auth = dsn.to_auth("callstead.reporting/1")
        self._url = auth.get_api_url(EndpointType.ENVELOPE)
        self._headers = {
            "Content-Type": "application/x-sentry-envelope",
            "Content-Encoding": "gzip",
            "X-Sentry-Auth": auth.to_header(),
            "User-Agent": "callstead.reporting/1",
        }
        self._reports = reports
        self._ca_file = ca_file
        self._backoff = backoff or Backoff(first=0.5, most=60.0)
        self._look_seconds = look_seconds
        self._timeout = urllib3.Timeout(connect=timeout, read=timeout)
        self._pool: urllib3.PoolManager | None = None
        self._failures = 0
        # A report that the server fails on waits by itself: it must not hold up the others.
        self._put_off: dict[str, tuple[int, float]] = {}
        self._held: deque[bytes] = deque(maxlen=_MOST_HELD)
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._process = 0

    def start(self) -> None:
        """Start the thread, also in a process forked since; may be called again."""
        if self._process != os.getpid() and not self._stop.is_set():
            self._process = os.getpid()
            self._pool = None
            self._thread = threading.Thread(target=self._run, name="reports", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """There is something new."""
        self.start()
        self._wake.set()

    def hold(self, envelope: bytes) -> None:
        """Send it from memory: the disk, perhaps full, did not take it."""
        self._held.append(gzip.compress(envelope))
        self.wake()

    def flush(self, seconds: float) -> None:
        """Wait until all is sent; not longer than ``seconds``, nor for a server that is away."""
        deadline = time.monotonic() + seconds
        while (self._held or self._reports.waiting()) and not self._failures:
            if time.monotonic() >= deadline:
                break
            time.sleep(0.01)

    def stop(self) -> None:
        """End the thread soon; what it is sending stays in the folder."""
        self._stop.set()
        self._wake.set()
        if self._thread and self._process == os.getpid():
            self._thread.join(timeout=0.5)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                pause = self._round()
            except Exception as error:  # noqa: BLE001 - the reporter has nobody to report to
                logger.warning("reports cannot be sent: %r", error)
                pause = self._failed()
            if pause:
                self._stop.wait(pause)
            else:
                self._failures = 0
                self._wake.wait(self._look_seconds)
                self._wake.clear()
        if self._pool:
            self._pool.clear()

    def _round(self) -> float:
        """Send until nothing is left or something fails; answers the pause before the next."""
        with self._reports.sending() as mine:
            while mine and not self._stop.is_set():
                waiting = self._reports.waiting()
                if not waiting:
                    self._reports.report_lost()
                    waiting = self._reports.waiting()
                due = [path for path in waiting if self._is_due(path.name)]
                if not due and not self._held:
                    break
                pause = self._send_held() or self._send_all(due)
                if pause:
                    return pause
        return 0.0

    def _is_due(self, name: str) -> bool:
        return self._put_off.get(name, (0, 0.0))[1] <= time.monotonic()

    def _send_held(self) -> float:
        while self._held:
            answer = self._post(self._held[0])
            if not (answer and (200 <= answer.status < 300 or answer.status in _NEVER)):
                return self._failed()
            self._held.popleft()
        return 0.0

    def _send_all(self, paths: list[Path]) -> float:
        """Send ``paths``; answers 0.0, or the pause after the first that failed."""
        for path in paths:
            if self._stop.is_set():
                break
            answer = self._post(path.read_bytes())
            if answer is None:
                return self._failed()
            if 200 <= answer.status < 300:
                path.unlink(missing_ok=True)
            elif answer.status in _NEVER:
                self._reports.refuse(path)
                if not path.name.endswith(CLIENT_REPORT):
                    self._reports.count_lost("error", "send_error")
            else:
                return self._pause_after(path.name, answer)
            self._failures = 0
            self._put_off.pop(path.name, None)
        return 0.0

    def _post(self, body: bytes) -> urllib3.BaseHTTPResponse | None:
        try:
            return self._connection().request("POST", self._url, body=body, headers=self._headers)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            logger.debug("the communications server is away: %r", error)
            self._pool = None  # the next try reads the CA again
            return None

    def _pause_after(self, name: str, answer: urllib3.BaseHTTPResponse) -> float:
        if answer.status == 500:  # perhaps for this report alone; other answers are about us all
            tries = self._put_off.get(name, (0, 0.0))[0] + 1
            # Longer than the pause of all, so that the others come first.
            self._put_off[name] = (tries, time.monotonic() + 4 * self._backoff.delay(tries))
        pause = self._failed()
        try:
            asked = float(answer.headers.get("Retry-After", "0"))
        except ValueError:
            asked = 0.0
        return max(pause, min(asked, _MOST_RETRY_AFTER))

    def _failed(self) -> float:
        self._failures += 1
        return self._backoff.delay(self._failures)

    def _connection(self) -> urllib3.PoolManager:
        if self._pool is None:
            context = None
            if self._url.startswith("https:"):
                context = ssl.create_default_context(
                    cafile=str(self._ca_file) if self._ca_file else None
                )
            self._pool = urllib3.PoolManager(
                maxsize=1,
                ssl_context=context,
                timeout=self._timeout,
                retries=urllib3.Retry(0, redirect=False, raise_on_redirect=False),
            )
        return self._pool
