"""The security headers of every answer, in one place."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, request

# Everything comes from the program itself: no inline script, no frame around our pages.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def secure_headers(flask: Flask) -> None:
    """Set the headers on all answers of ``flask``; a view may set its own value first."""
    flask.after_request(_harden)


def insist_on_tls(flask: Flask, days: Callable[[], int]) -> None:
    """Tell browsers never to come without TLS again (RFC 6797), for ``days``; 0: do not."""

    @flask.after_request
    def _insist(response: Response) -> Response:
        if request.is_secure and days():
            seconds = days() * 86400
            response.headers.setdefault("Strict-Transport-Security", f"max-age={seconds}")
        return response


def _harden(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    if response.mimetype == "text/html":
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        # A page shows one person's view; the next person at this screen must not get it by "back".
        headers.setdefault("Cache-Control", "no-store")
    return response
