"""A source that is helped out by a folder: what a USB stick brought while the network is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tuf.api.exceptions import DownloadError
from tuf.api.metadata import Metadata, Timestamp
from tuf.api.serialization import DeserializationError

from common.trust.folder_source import FolderSource
from common.trust.source import Source

_TIMESTAMP = "metadata/timestamp.json"
_MOST = 65_536


class WithStick(Source):
    """Reads from ``first``; what that cannot give comes out of ``folder``.

    Of the two dated statements of what is newest, the one with the higher number is given: all
    else follows from it, and every file that it leads to is verified as ever.

    Args:
        first: asked first.
        folder: with ``metadata/`` and ``targets/``; it need not exist.
    """

    def __init__(self, first: Source, folder: Path) -> None:
        self._first = first
        self._folder = folder
        self._second = FolderSource(folder)

    @property
    def name(self) -> str:
        """The first one's."""
        return self._first.name

    def open(self, path: str, offset: int = 0) -> Iterator[bytes]:
        """See `Source.open`."""
        if not self._folder.is_dir():
            return self._first.open(path, offset)
        if path == _TIMESTAMP:
            return iter([self._newest()[offset:]])
        try:
            return self._first.open(path, offset)
        except DownloadError as error:
            try:
                return self._second.open(path, offset)
            except DownloadError as second:
                # Roots are asked for by counting up until one is not there: the stick knows.
                raise (second if path.endswith(".root.json") else error) from None

    def _newest(self) -> bytes:
        try:
            brought = _bounded(self._second.open(_TIMESTAMP))
        except DownloadError:
            return _bounded(self._first.open(_TIMESTAMP))
        try:
            told = _bounded(self._first.open(_TIMESTAMP))
        except DownloadError:
            return brought
        return brought if 0 < _number(told) < _number(brought) else told


def _bounded(chunks: Iterator[bytes]) -> bytes:
    """At most a little more than any reader takes: it then refuses, and says so."""
    data = b""
    for chunk in chunks:
        data += chunk
        if len(data) > _MOST:
            break
    return data


def _number(data: bytes) -> int:
    """The version; 0 for what is no timestamp, so that its reader finds out and tells."""
    try:
        signed = Metadata.from_bytes(data).signed
    except DeserializationError:
        return 0
    return signed.version if isinstance(signed, Timestamp) else 0
