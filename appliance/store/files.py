"""The bytes of attachments, as files beside the database: there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from appliance.domain.work import BusyError
from common.atomic import fsync_folder
from common.logs import get_logger

log = get_logger(__name__)

_ID = re.compile(r"[0-9a-f]{32}")
_PIECE = 256 * 1024


class AttachmentFiles:
    """Files in ``folder``, each named by a random id, spread over 256 folders."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, source: IO[bytes], most: int) -> tuple[str, int, str]:
        """Keep what ``source`` has, durably: temp file, fsync, rename, fsync of the folder.

        Its id, size and sha256 (hex). A source of more than ``most`` bytes is read no further:
        nothing is kept, and the size is told. Raises BusyError: the disk takes no more.
        """
        id_ = secrets.token_hex(16)
        path = self.path(id_)
        part = path.with_suffix(".part")
        digest, size = hashlib.sha256(), 0
        try:
            if not path.parent.exists():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                fsync_folder(path.parent.parent)
            with part.open("xb") as file:
                os.fchmod(file.fileno(), 0o600)
                while piece := source.read(_PIECE):
                    size += len(piece)
                    if size > most:
                        break
                    digest.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            if size <= most:
                part.replace(path)
                fsync_folder(path.parent)
        except OSError as error:
            log.exception("attachments.not_kept", folder=str(self._folder))
            raise BusyError(
                "The file cannot be kept at the moment; try again later, or write what it says."
            ) from error
        finally:
            part.unlink(missing_ok=True)
        return id_, size, digest.hexdigest()

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
