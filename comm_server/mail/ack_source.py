"""Where acknowledgements come from: the interface; one file each beside it (``ack_*``)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from comm_server.site import Site
from common.errors import RefusedError, RemoteError
from common.wire.signing import verify


@dataclass(frozen=True)
class Statement:
    """What the vendor has signed for this site.

    Attributes:
        acknowledged: bundles that have arrived, as ``(sequence, sha256)``.
        resolved: problems, as ``(program, fingerprint, release that fixed it)``; None when the
            vendor's version does not tell.
        as_of: number of the vendor's last decision that ``resolved`` knows; it only grows.
    """

    acknowledged: tuple[tuple[int, str], ...] = ()
    resolved: tuple[tuple[str, str, str], ...] | None = None
    as_of: int = 0


Keep = Callable[[Statement], list[int]]


class AcknowledgementSource(Protocol):
    """One contract test suite runs against every kind."""

    def hear(self, keep: Keep) -> list[int]:
        """Hand each statement that the vendor signed for this site to ``keep``.

        ``keep`` returns after the commit, with the bundles that are news; only then is a mail put
        away, so that a kill at any moment costs a second reading and nothing else. What is not
        ours is left untouched. Answers all news.

        Raises:
            NetworkError, RemoteError, OperatorError: not reached, or not understood, or refused.
        """
        ...


def read_statement(data: bytes, site: Site, where: str) -> Statement:
    """A statement out of its bytes.

    Raises:
        RemoteError: of no known form. RefusedError: not signed by the vendor, or another site's.
    """
    try:
        signed = json.loads(data)
    except ValueError as error:
        raise RemoteError(f"{where} answered something that is not JSON.") from error
    statement = verify(signed, site.ack_key)
    if statement.get("site") != site.site:
        raise RefusedError("site", "The acknowledgement is about another site.")
    try:
        resolved = statement.get("resolved")
        return Statement(
            tuple((int(one["sequence"]), str(one["sha256"])) for one in statement["acknowledged"]),
            None
            if resolved is None
            else tuple(
                (str(one["program"]), str(one["fingerprint"]), str(one["release"]))
                for one in resolved
            ),
            int(statement.get("resolved_as_of", 0)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RemoteError(
            f"{where} answered acknowledgements of a form that is not known."
        ) from error
