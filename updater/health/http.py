"""Healthy is what answers 200, from the new process and no other."""

from __future__ import annotations

import time
from typing import Any

import psutil
import requests

from updater.running import Running


class HttpHealth:
    """GET on the program's own port.

    Args:
        port: on this computer.
        path: e.g. ``/healthz``.
        timeout: seconds to connect, and between bytes.
    """

    def __init__(self, port: int, path: str, timeout: float) -> None:
        self._port = port
        self._url = f"http://127.0.0.1:{port}{path}"
        self._timeout = timeout

    def problem(self, process: Running) -> str:
        """See `HealthCheck.problem`."""
        try:
            status, _body = get(self._url, self._timeout)
        except requests.RequestException as error:
            return f"{self._url} did not answer ({type(error).__name__})."
        if status != 200:
            return f"{self._url} answered with the status {status} instead of 200."
        if not _listens(process.pid, self._port):
            return f"{self._url} is answered by another process, not by the new release."
        return ""


def get(url: str, timeout: float, most: int = 0, token: str = "") -> tuple[int, bytes]:
    """One GET on this computer, past any proxy.

    Args:
        url: the address; redirects are not followed.
        timeout: seconds to connect, between bytes, and for the body as a whole.
        most: bytes of the body to read; an address that never ends holds nobody.
        token: by which the program knows its updater.

    Returns:
        Status and the beginning of the body.
    """
    body, deadline = b"", time.monotonic() + timeout
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update(_proof(token))
        with session.get(url, timeout=timeout, allow_redirects=False, stream=True) as answer:
            while len(body) < most and time.monotonic() < deadline:
                chunk = answer.raw.read1(most - len(body))
                if not chunk:
                    break
                body += chunk
            return answer.status_code, body


def post(url: str, what: dict[str, Any], token: str, timeout: float) -> int:
    """POST ``what`` as JSON on this computer, past any proxy; the status."""
    with requests.Session() as session:
        session.trust_env = False
        headers = _proof(token)
        with session.post(
            url, json=what, headers=headers, timeout=timeout, allow_redirects=False, stream=True
        ) as answer:
            return answer.status_code


def _proof(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _listens(pid: int, port: int) -> bool:
    """Whether ``pid`` or a process below it holds ``port``; yes when this cannot be seen."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return any(
            connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
            for member in family
            for connection in member.net_connections(kind="tcp")
        )
    except psutil.AccessDenied:
        return True
    except psutil.NoSuchProcess:
        return False
