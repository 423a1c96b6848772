"""Asks the communications server how the site stands."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import requests

from appliance.domain.site import SiteTrouble, SiteView
from common.errors import RefusedError
from common.logs import get_logger
from common.wire.site_report import MOST_BYTES, PATH, SiteReport, read_site_report

log = get_logger(__name__)
_PART = 16 * 1024


def site_look(
    address: str, dsn: str, ca_file: str, timeout: float
) -> Callable[[], SiteView[SiteReport]]:
    """A function that asks once, and answers what it was told, or why nothing.

    Args:
        address: of the communications server, without a path; empty: there is none.
        dsn: of the appliance; its key opens the report.
        ca_file: PEM of the site's CA; empty: the machine's own authorities.
        timeout: seconds for connecting, and again for each part of the answer.
    """
    key = urlsplit(dsn).username or ""

    def look() -> SiteView[SiteReport]:
        if not address or not key:
            return SiteView(address, SiteTrouble.NOT_PAIRED)
        if not address.startswith("https://"):
            return SiteView(address, SiteTrouble.PLAIN)
        try:
            with requests.get(
                f"{address}{PATH}", headers={"Authorization": f"Bearer {key}"}, timeout=timeout,
                verify=ca_file or True, allow_redirects=False, stream=True,
            ) as answer:  # fmt: skip
                body = b""
                for part in answer.iter_content(_PART):
                    body += part
                    if len(body) > MOST_BYTES:
                        break
                status = answer.status_code
        except (requests.RequestException, OSError) as error:
            log.info("site_report.not_reached", reason=type(error).__name__)
            return SiteView(address, SiteTrouble.AWAY)
        if status != 200:
            return SiteView(address, _TROUBLES.get(status, SiteTrouble.AWAY))
        try:
            return SiteView(address, None, read_site_report(body))
        except RefusedError as error:
            log.warning("site_report.not_valid", reason=str(error))
            return SiteView(address, SiteTrouble.INVALID)

    return look


_TROUBLES = {403: SiteTrouble.STRANGER, 404: SiteTrouble.OLDER}
