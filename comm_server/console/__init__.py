"""The site's own pages: what failed, what was sent home of it, who is here, which releases.

Everything a page shows is read by a service module of the room; here are only routes and words.
"""

from __future__ import annotations

from comm_server.console.pages import add_console

__all__ = ["add_console"]
