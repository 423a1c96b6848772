"""Frozen bundles onto a USB stick: the same bytes as in the mails, kept here all the same.

A file appears whole or not at all, under its name of site, number and hash; one that is there is
not written again, so that an export that was cut short is simply run again.
"""

from __future__ import annotations

import email
import hashlib
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from pathlib import Path

from common.atomic import sweep_parts, write_bytes
from common.clock import Clock, stamp
from common.errors import OperatorError
from common.spool import Store


@dataclass(frozen=True)
class Exported:
    """What lies on the stick now: numbers written by this run, and those that lay there."""

    folder: Path
    written: tuple[int, ...]
    already: tuple[int, ...]


def export(store: Store, clock: Clock, site: str, folder: Path, *, mails: bool = False) -> Exported:
    """Write every bundle that the vendor has not acknowledged below ``folder``.

    Args:
        store: ``comm.db``.
        clock: for the mark.
        site: its id, which names the folder on the stick.
        folder: of the stick.
        mails: whole mails (``.eml``) in place of bare bundles (``.csb``).

    Raises:
        OperatorError: the stick cannot be written.
    """
    target = folder / site
    written, already = [], []
    rows = store.rows(
        "SELECT sequence, sha256 FROM bundles WHERE state <> 'delivered' ORDER BY sequence"
    )
    try:
        target.mkdir(parents=True, exist_ok=True)
        sweep_parts(target)
        for row in rows:
            # First the mark: from here on somebody may have it, and its bytes must stay.
            store.execute(
                "UPDATE bundles SET perhaps_out = 1, exported_at = ? WHERE sequence = ?",
                (stamp(clock.now()), row["sequence"]),
            )
            mail = store.value("SELECT mail FROM bundles WHERE sequence = ?", (row["sequence"],))
            if mail is None:  # delivered, or made anew, meanwhile
                continue
            data = mail if mails else _attachment(mail)
            suffix = "eml" if mails else "csb"
            path = target / f"bundle-{row['sequence']:06}-{row['sha256'][:8]}.{suffix}"
            if path.exists() and _digest(path.read_bytes()) == _digest(data):
                already.append(row["sequence"])
                continue
            write_bytes(path, data)
            written.append(row["sequence"])
    except OSError as error:
        raise OperatorError(
            f"The bundles cannot be written to {target}: {error.strerror}. What was written is "
            "whole; make room or the folder writable, and run the export once more."
        ) from error
    return Exported(target, tuple(written), tuple(already))


def _attachment(mail: bytes) -> bytes:
    message = email.message_from_bytes(mail, policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what policy.default makes
    (part,) = message.iter_attachments()
    return bytes(part.get_payload(decode=True))


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
