"""A repository on a web server: the vendor's, or the site's communications server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import requests
import urllib3
from tuf.api.exceptions import DownloadError, DownloadHTTPError, SlowRetrievalError

from common.trust.source import CHUNK, Source, parts_of


class HttpSource(Source):
    """Reads below ``base_url`` with the given session (which brings its TLS with it).

    Args:
        base_url: what lies above ``metadata/`` and ``targets/``.
        session: closed by its owner.
        connect: seconds to reach the server.
        read: seconds without a single byte before giving up.
        grace: seconds before the rate is looked at; a server may think first.
        least_rate: bytes per second, over the whole answer. A server that drips a byte now and
            then would otherwise hold a site on an old state for ever. 1 kB/s is below any line
            that could carry a release.
        monotonic: the clock of the rate.
    """

    def __init__(
        self,
        base_url: str,
        session: requests.Session,
        *,
        connect: float = 10.0,
        read: float = 30.0,
        grace: float = 30.0,
        least_rate: float = 1000.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._session = session
        self._timeouts = (connect, read)
        self._grace = grace
        self._least_rate = least_rate
        self._monotonic = monotonic

    @property
    def name(self) -> str:
        """The address."""
        return self._base

    def open(self, path: str, offset: int = 0) -> Iterator[bytes]:
        """See `Source.open`."""
        # python-tuf has quoted the names of roles already: what is a % stays one.
        url = "/".join([self._base, *(quote(part, safe="%") for part in parts_of(path))])
        # Identity: lengths and ranges are those of the file, and nothing expands on arrival.
        headers = {"Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        started = self._monotonic()
        try:
            response = self._session.get(
                url,
                headers=headers,
                timeout=self._timeouts,
                stream=True,
                allow_redirects=False,
                # Said again here: REQUESTS_CA_BUNDLE would win over the session's own.
                verify=self._session.verify,
            )
        except requests.Timeout as error:
            raise SlowRetrievalError("the server did not answer in time") from error
        except requests.RequestException as error:
            raise DownloadError(_plain(error)) from error
        if response.status_code == 416 and offset:
            response.close()
            return iter(())
        if response.status_code not in {200, 206}:
            response.close()
            raise DownloadHTTPError(
                f"the server answered {response.status_code} for {path}", response.status_code
            )
        skip = _to_skip(response, offset)
        return self._read(response, skip, started)

    def _read(self, response: requests.Response, skip: int, started: float) -> Iterator[bytes]:
        received = 0
        try:
            # read1 gives what has come; read would wait for a full chunk, however slowly it drips.
            while chunk := response.raw.read1(CHUNK):
                received += len(chunk)
                passed = self._monotonic() - started
                if passed > self._grace and received < passed * self._least_rate:
                    raise SlowRetrievalError(f"only {received} bytes came in {passed:.0f} seconds")
                kept, skip = chunk[skip:], max(0, skip - len(chunk))
                if kept:
                    yield kept
        except urllib3.exceptions.TimeoutError as error:
            raise SlowRetrievalError("the server stopped sending") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise DownloadError("the connection broke off") from error
        finally:
            response.close()


def _to_skip(response: requests.Response, offset: int) -> int:
    """How many bytes of the answer lie before ``offset``: all of them when Range was ignored."""
    if response.status_code == 200:
        return offset
    start = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    if not start.isdigit() or int(start) > offset:
        response.close()
        raise DownloadError("the server answered with another part of the file than was asked for")
    return offset - int(start)


def _plain(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate is not the expected one"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return f"the request failed ({type(error).__name__})"
