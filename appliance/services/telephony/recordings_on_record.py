"""Whether recordings are what the record of who did what says of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from appliance.domain.audit import AuditEntry
from appliance.domain.telephony.recording import CallRecording, Stage
from appliance.domain.work import UnknownError
from appliance.services.telephony.kept_recordings import Recordings
from common.errors import RefusedError

_KEPT = re.compile(r"recording (\d+) of conversation \d+ sha256 ([0-9a-f]{64})")
_REMOVED = re.compile(r"recording (\d+) of conversation \d+")


def differing(lines: Iterable[AuditEntry], recordings: Recordings, *, sound: bool) -> list[int]:
    """The numbers of recordings that are not as the record says.

    Args:
        lines: the record, which was verified.
        recordings: those that are kept.
        sound: read all of it, too: the hash of what can be heard.
    """
    kept: dict[int, str] = {}
    for line in lines:
        if line.what == "recording.kept" and (found := _KEPT.fullmatch(line.subject)):
            kept[int(found[1])] = found[2]
        elif line.what == "recording.removed" and (found := _REMOVED.match(line.subject)):
            kept.pop(int(found[1]), None)
    return [
        number for number, digest in kept.items() if not _holds(recordings, number, digest, sound)
    ]


def _holds(recordings: Recordings, number: int, digest: str, sound: bool) -> bool:
    try:
        one = recordings.one(number)
        if one.stage is not Stage.KEPT or one.sha256 != digest:
            return False
        return not sound or _digest(recordings, one) == digest
    except (UnknownError, FileNotFoundError, RefusedError):
        return False


def _digest(recordings: Recordings, one: CallRecording) -> str:
    heard = hashlib.sha256()
    for piece in recordings.sound(one, 0, one.size - 1):
        heard.update(piece)
    return heard.hexdigest()
