"""Acknowledgements on the update channel: a file of the vendor's web, over HTTPS."""

from __future__ import annotations

from dataclasses import dataclass

import requests
import urllib3

from comm_server.mail.ack_source import Keep, Statement, read_statement
from comm_server.site import Site
from common.errors import NetworkError, RemoteError
from common.wire.acknowledgement import MOST_BYTES

_TIMEOUT = (10, 30)


@dataclass(frozen=True)
class ChannelSource:
    """The update channel; see `comm_server.mail.ack_source`."""

    site: Site
    session: requests.Session

    def hear(self, keep: Keep) -> list[int]:
        """Ask once."""
        return keep(fetch(self.site, self.session))


def fetch(site: Site, session: requests.Session) -> Statement:
    """The vendor's word; an empty one before any bundle has arrived.

    Raises:
        NetworkError: not reached. RemoteError: an answer that is none.
        RefusedError: not signed by the vendor's key, or about another site.
    """
    try:
        answer = session.get(site.acks_url, verify=str(site.home_ca), timeout=_TIMEOUT, stream=True)
        with answer:
            if answer.status_code == 404:  # nothing has arrived yet
                return Statement()
            if answer.status_code != 200:
                raise RemoteError(
                    f"{site.acks_url} answered {answer.status_code} instead of acknowledgements."
                )
            data = answer.raw.read(MOST_BYTES + 1, decode_content=True)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise NetworkError(f"The vendor's acknowledgements were not reached: {error}") from error
    if len(data) > MOST_BYTES:
        raise RemoteError(f"{site.acks_url} answered more than {MOST_BYTES} bytes.")
    return read_statement(data, site, site.acks_url)
