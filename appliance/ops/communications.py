"""Asks the communications server's health address."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable

import requests

from appliance.domain.running import Trouble


def health_look(address: str, ca_file: str, timeout: float) -> Callable[[], Trouble | None]:
    """A function that asks once, and answers what is wrong, or None.

    Args:
        address: of the communications server, without a path.
        ca_file: PEM of the site's CA; empty: the machine's own authorities.
        timeout: seconds for connecting, and again for each part of the answer.
    """

    def look() -> Trouble | None:
        try:
            answer = requests.get(
                f"{address}/healthz", timeout=timeout, verify=ca_file or True, allow_redirects=False
            )
        except (requests.RequestException, OSError) as error:
            return _trouble(error)
        return None if answer.status_code == 200 else Trouble.UNWELL

    return look


def _trouble(error: Exception) -> Trouble:
    if isinstance(error, requests.exceptions.SSLError):
        return Trouble.STRANGER
    if isinstance(error, requests.Timeout):
        return Trouble.SILENT
    cause: BaseException | None = error
    while cause is not None:  # the system's own word lies at the bottom
        if isinstance(cause, socket.gaierror):
            return Trouble.UNKNOWN
        if isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED:
            return Trouble.REFUSED
        cause = cause.__cause__ or cause.__context__
    return Trouble.AWAY
