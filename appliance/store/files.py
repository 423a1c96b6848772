"""The bytes of attachments, as sealed files beside the database: there whole or not at all."""

from __future__ import annotations

import base64
import io
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from appliance.domain.attachment import Attachment, Stored
from appliance.domain.work import BusyError
from common.logs import get_logger
from common.sealed_file import PIECE, SealedFile, new_key, seal_file
from common.vault import Vault

log = get_logger(__name__)

_ID = re.compile(r"[0-9a-f]{32}")
KEY_OF_A_FILE = "attachments/key/{}"  # what the sealed key of a file is bound to


class AttachmentFiles:
    """Files in ``folder``, each named by a random id, spread over 256 folders.

    Each is sealed with a key of its own (`common.sealed_file`), which ``vault`` seals.
    """

    def __init__(self, folder: Path, vault: Vault) -> None:
        self._folder = folder
        self._vault = vault

    def put(self, source: IO[bytes], most: int) -> Stored:
        """Keep what ``source`` has, durably.

        A source of more than ``most`` bytes is read no further:
        nothing is kept, and the size is told. Raises BusyError: the disk takes no more.
        """
        id_, key = secrets.token_hex(16), new_key()
        try:
            size, digest = seal_file(source, self.path(id_), key, most)
        except OSError as error:
            log.exception("attachments.not_kept", folder=str(self._folder))
            raise BusyError(
                "The file cannot be kept at the moment; try again later, or write what it says."
            ) from error
        text = self._vault.seal(base64.b64encode(key).decode(), KEY_OF_A_FILE.format(id_))
        return Stored(id_, size, digest, text)

    def open(self, file: Attachment) -> IO[bytes]:
        """Its bytes, from any place. Raises FileNotFoundError; OSError while reading: see there."""
        if not file.key:  # of a version that sealed none
            return self.path(file.id).open("rb")
        key = base64.b64decode(self._vault.open(file.key, KEY_OF_A_FILE.format(file.id)))
        return io.BufferedReader(SealedFile(self.path(file.id), key, file.id, file.size), PIECE)

    def path(self, id: str) -> Path:  # noqa: A002
        """The file. Raises ValueError: it is no id."""
        if not _ID.fullmatch(id):
            raise ValueError(f"{id!r} is no file's id")
        return self._folder / id[:2] / id

    def remove(self, id: str) -> None:  # noqa: A002
        """It is gone; nothing happens when it was not there."""
        self.path(id).unlink(missing_ok=True)

    def older_than(self, moment: datetime) -> Iterator[str]:
        """The ids of files that were written before ``moment``; unfinished ones are removed."""
        for folder in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(folder.iterdir()):
                try:
                    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                except FileNotFoundError:  # swept, or renamed to its name, meanwhile
                    continue
                if written >= moment:
                    continue
                if path.suffix == ".part":
                    path.unlink(missing_ok=True)
                elif _ID.fullmatch(path.name):
                    yield path.name
