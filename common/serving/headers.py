"""The security headers of every answer, in one place."""

from __future__ import annotations

from flask import Flask, Response

# Everything comes from the program itself: no inline script, no frame around our pages.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def secure_headers(flask: Flask) -> None:
    """Set the headers on all answers of ``flask``; a view may set its own value first."""
    flask.after_request(_harden)


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
