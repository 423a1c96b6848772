"""Whose bundle is this? The first one of a site pins its key; later ones must bear it."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.errors import RefusedError
from common.spool import Store
from common.wire.bundle import Opened, enrolment_mac, unseal
from common.wire.signing import unb64


@dataclass(frozen=True)
class Verified:
    """A bundle of a site that we know. ``enrols``: its key is to be pinned with it."""

    opened: Opened
    site_name: str
    enrols: bool


def verify(data: bytes, keys: Mapping[str, X25519PrivateKey], store: Store) -> Verified:
    """Open a sealed bundle and find the site that signed it.

    Raises:
        RefusedError: those of `common.wire.bundle.unseal`, and ``unknown-site``, ``enrolment``
            (no or wrong proof in the first bundle), ``signature`` (another key), ``malformed``.
    """
    opened = unseal(data, dict(keys))
    site = store.row("SELECT * FROM sites WHERE id = ?", [opened.site])
    if site is None:
        raise RefusedError(
            "unknown-site",
            f"The bundle is of the site {opened.site[:40]!r}, which has no kit from this home. "
            "If it should have one, make it with `callstead home site add`.",
        )
    if opened.sequence < 1:
        raise RefusedError("malformed", f"The bundle has the sequence {opened.sequence}.")
    if site["public_key"] is None:
        _check_enrolment(opened, site)
        return Verified(opened, site["name"], enrols=True)
    if opened.public_key != site["public_key"]:
        raise RefusedError(
            "signature",
            f"The bundle says it is of the site {site['name']!r}, but another key signed it. "
            "If the site's server was replaced without its data, give it a new kit.",
        )
    return Verified(opened, site["name"], enrols=False)


def _check_enrolment(opened: Opened, site: dict[str, Any]) -> None:
    enrolment = opened.bundle.manifest.get("enrolment")
    given = enrolment if isinstance(enrolment, dict) else {}
    expected = enrolment_mac(unb64(site["enrolment_secret"]), opened.site, opened.public_key)
    fits = hmac.compare_digest(str(given.get("mac", "")).encode(), expected.encode())
    if not fits or given.get("public_key") != opened.public_key:
        raise RefusedError(
            "enrolment",
            f"The first bundle of the site {site['name']!r} does not prove that it has the site's "
            "kit. Set the site up with the kit that this home made for it.",
        )
