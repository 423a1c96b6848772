"""The communications server as this client talks to it: always over TLS, both sides known.

The server's certificate must lead to the site's own CA; nothing in the environment (proxies,
other CA bundles) can change that. What it says is still not trusted where releases are
concerned: that is the business of common.trust.
"""

from __future__ import annotations

import gzip
import json
import threading
from datetime import datetime
from typing import Any

import requests

from common.clock import Clock
from common.errors import NetworkError, RemoteError
from updater.identity import Identity
from updater.settings import NetworkSettings


class AnswerError(RemoteError):
    """The server answered with an error.

    Attributes:
        status: HTTP status.
        kind: the server's short word, empty when the answer was not in its language.
    """

    def __init__(self, status: int, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.kind = kind


class Comm:
    """The requests a joined client makes. Every thread has a session of its own."""

    def __init__(self, identity: Identity, limits: NetworkSettings, clock: Clock) -> None:
        self.identity = identity
        self.last_contact: datetime | None = None
        self.last_failure = ""
        self._timeouts = (limits.connect, limits.read)
        self._clock = clock
        self._local = threading.local()
        self._open: list[requests.Session] = []
        self._lock = threading.Lock()

    def session(self) -> requests.Session:
        """A new session with this client's certificate; closed by `close`."""
        session = requests.Session()
        session.trust_env = False  # REQUESTS_CA_BUNDLE or a proxy would undo the pinning
        session.verify = str(self.identity.ca_file)
        session.cert = (str(self.identity.certificate_file), str(self.identity.key_file))
        with self._lock:
            self._open.append(session)
        return session

    @property
    def releases_url(self) -> str:
        """What lies above ``metadata/`` and ``targets/``."""
        return f"{self.identity.address}/releases"

    @property
    def feed_url(self) -> str:
        """The feed for clients."""
        return f"{self.identity.address}/client/feed"

    def adopt(self, product: str, channel: str, platform: str, release: str | None) -> str:
        """Tell that this client takes care of ``product``; answers its DSN."""
        answer = self._ask(
            "POST",
            "/client/programs",
            json={"product": product, "channel": channel, "platform": platform, "release": release},
        )
        return self._text(answer, "dsn")

    def rollout(
        self, product: str, version: str, step: str = "switch", *, urgent: bool = False
    ) -> tuple[bool, str]:
        """Is it this client's turn for the version, and why (not)?

        Args:
            product: the program.
            version: the one to go to.
            step: ``fetch``, ``ready`` (may it be drained?) or ``switch``, which takes a place
                among those that switch at the same time until the receipt comes.
            urgent: a critical release has waited for long enough: the window counts no more.
        """
        asked = {"version": version, "step": step} | ({"urgent": "1"} if urgent else {})
        answer = self._ask("GET", f"/client/rollout/{product}", params=asked)
        return answer.get("go") is True, str(answer.get("reason", ""))

    def sent_back(self, product: str, version: str) -> str:
        """Why the site wants everybody to leave the version that runs; empty: it stays."""
        asked = {"version": version, "step": "keep"}
        answer = self._ask("GET", f"/client/rollout/{product}", params=asked)
        return str(answer.get("reason") or "No reason.") if answer.get("back") is True else ""

    def send_receipts(self, signed: list[dict[str, Any]]) -> list[str]:
        """Hand receipts over; the ids that the server has committed."""
        answer = self._ask("POST", "/client/receipts", json={"receipts": signed})
        accepted = answer.get("accepted")
        return [str(one) for one in accepted] if isinstance(accepted, list) else []

    def send_vitals(self, facts: dict[str, Any]) -> None:
        """Tell how this computer is."""
        self._ask("POST", "/client/vitals", json=facts)

    def send_logs(self, batch: dict[str, Any]) -> int:
        """Hand log lines over; the highest number that the server has committed."""
        body = gzip.compress(json.dumps(batch, ensure_ascii=False).encode("utf-8", "replace"), 6)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        answer = self._ask("POST", "/client/logs", data=body, headers=headers)
        accepted = answer.get("accepted")
        if not isinstance(accepted, int):
            raise RemoteError("The communications server did not say which log lines it has.")
        return accepted

    def healthz(self) -> None:
        """Reach the server and see that it is the right one."""
        self._ask("GET", "/healthz", empty=True)

    def close(self) -> None:
        """Close every session."""
        with self._lock:
            for session in self._open:
                session.close()
            self._open.clear()

    def _ask(self, method: str, path: str, *, empty: bool = False, **what: Any) -> dict[str, Any]:
        try:
            answer = ask(
                self._session(),
                method,
                self.identity.address + path,
                timeout=self._timeouts,
                empty=empty,
                **what,
            )
        except (NetworkError, RemoteError) as error:
            self.last_failure = str(error)
            raise
        self.last_contact, self.last_failure = self._clock.now(), ""
        return answer

    def _session(self) -> requests.Session:
        session = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self.session()
        return session

    def _text(self, answer: dict[str, Any], key: str) -> str:
        text = answer.get(key)
        if not isinstance(text, str) or not text:
            raise RemoteError(
                f"The communications server {self.identity.address} answered without {key!r}. "
                "Is it of another version?"
            )
        return text


def ask(
    session: requests.Session,
    method: str,
    url: str,
    *,
    timeout: tuple[float, float],
    empty: bool = False,
    **what: Any,
) -> dict[str, Any]:
    """One request; the JSON object of its answer.

    Args:
        session: decides whom to believe.
        method: GET or POST.
        url: the address.
        timeout: seconds to connect, and between bytes.
        empty: the body of the answer does not matter.
        what: ``json`` or ``params``.

    Raises:
        NetworkError: not reached.
        RemoteError: it is not the site's server, or answered nonsense; `AnswerError` for an
            error status.
    """
    try:
        answer = session.request(method, url, timeout=timeout, allow_redirects=False, **what)
    except requests.exceptions.SSLError as error:
        raise RemoteError(
            f"What answers at {url} did not prove to be this site's communications server "
            f"({_cause(error)}). If its name or address changed, add it to comm.names there."
        ) from error
    except requests.RequestException as error:
        raise NetworkError(
            f"The communications server was not reached at {url} ({_cause(error)}). "
            "It will be tried again; check that it runs and that the network is there."
        ) from error
    try:
        body = answer.json()
    except ValueError:
        body = None
    if answer.status_code != 200:
        told = body if isinstance(body, dict) else {}
        raise AnswerError(
            answer.status_code,
            str(told.get("error", "")),
            str(told.get("message") or f"{url} answered with the status {answer.status_code}."),
        )
    if isinstance(body, dict):
        return body
    if empty:
        return {}
    raise RemoteError(f"{url} answered something that is not a JSON object.")


def _cause(error: BaseException) -> str:
    """The innermost reason, without addresses of objects."""
    while inner := (error.__cause__ or error.__context__):
        error = inner
    return str(error) or type(error).__name__
