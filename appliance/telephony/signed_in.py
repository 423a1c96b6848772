"""Asks the running switch whether a phone could ring now; by plain HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import requests

from appliance.telephony.ari.connection import APPLICATION
from common.errors import NetworkError

_SECONDS = 5.0


class SignedIn:
    """Of the switch on this machine.

    Args:
        port: of its interface for programs.
        password: asked for at each use; see `appliance.telephony.configure.ari_password`.
    """

    def __init__(self, port: int, password: Callable[[], str]) -> None:
        self._port, self._password = port, password

    def any(self, names: Iterable[str]) -> bool:
        """Whether one of these phones, by their names in SIP, is signed in. Raises NetworkError."""
        return any(self._one(name) for name in names)

    def _one(self, name: str) -> bool:
        try:
            answer = requests.get(
                f"http://127.0.0.1:{self._port}/ari/endpoints/PJSIP/{name}",
                auth=(APPLICATION, self._password()),
                timeout=_SECONDS,
            )
        except requests.RequestException as error:
            raise NetworkError(f"The switch is not reached: {type(error).__name__}.") from None
        return answer.ok and answer.json()["state"] == "online"
