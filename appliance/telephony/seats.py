"""Puts the phones of desks on the running switch, and takes them off it; by plain HTTP.

Each is three objects of the switch's memory (sorcery.conf): an identity, a place to be reached, and
what both are good for. They go with the switch; a desk whose connection comes back puts them there
again.
"""

from __future__ import annotations

from collections.abc import Callable

import requests

from appliance.domain.telephony.phones import REALM
from appliance.telephony.ari.connection import APPLICATION
from common.errors import NetworkError, RemoteError

_SECONDS = 5.0
# A browser sends voice all the time, even when it is muted: silence means that it is gone.
_GONE_SECONDS = "10"


class Seats:
    """Of the switch on this machine.

    Args:
        port: of its interface for programs.
        password: asked for at each use; see `appliance.telephony.configure.ari_password`.
    """

    def __init__(self, port: int, password: Callable[[], str]) -> None:
        self._port, self._password = port, password

    def put(self, name: str, proof: str) -> None:
        """Let whoever has ``proof`` sign in as ``name``; nobody else any more.

        Raises:
            NetworkError: the switch is not reached.
            RemoteError: it does not take it.
        """
        self._send("PUT", "auth", name, {
            "auth_type": "md5", "username": name, "realm": REALM, "md5_cred": proof,
        })  # fmt: skip
        self._send("PUT", "aor", name, {
            "max_contacts": "1", "remove_existing": "yes", "maximum_expiration": "120",
        })  # fmt: skip
        self._send("PUT", "endpoint", name, {
            "context": "desk", "transport": "ws", "webrtc": "yes", "disallow": "all",
            "allow": "opus,g722,alaw,ulaw", "direct_media": "no", "auth": name, "aors": name,
            "rtp_timeout": _GONE_SECONDS, "device_state_busy_at": "1",
        })  # fmt: skip

    def drop(self, name: str) -> None:
        """Nobody can sign in as ``name``, nor does it ring. Raises NetworkError, RemoteError."""
        for kind in ("endpoint", "aor", "auth"):
            self._send("DELETE", kind, name, None)

    def _send(self, method: str, kind: str, name: str, values: dict[str, str] | None) -> None:
        fields = [{"attribute": key, "value": value} for key, value in (values or {}).items()]
        try:
            answer = requests.request(
                method,
                f"http://127.0.0.1:{self._port}/ari/asterisk/config/dynamic/res_pjsip/{kind}/{name}",
                json={"fields": fields} if values else None,
                auth=(APPLICATION, self._password()),
                timeout=_SECONDS,
            )
        except requests.RequestException as error:
            raise NetworkError(f"The switch is not reached: {type(error).__name__}.") from None
        if answer.status_code == 404 and method == "DELETE":
            return
        if not answer.ok:
            raise RemoteError(f"The switch does not take the phone {name}: {answer.status_code}.")
