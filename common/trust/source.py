"""Where a repository's files come from. A source moves bytes and decides nothing.

Errors of every source: `DownloadHTTPError` 404 when there is no such file, `ForbiddenPathError`
for a path that would leave the base, any other `DownloadError` when the bytes did not come.
What is raised before the first byte and what is raised between bytes is the same.
"""

from __future__ import annotations

import abc
from collections.abc import Iterator

from tuf.api.exceptions import DownloadError
from tuf.ngclient.fetcher import FetcherInterface

CHUNK = 64 * 1024


class ForbiddenPathError(DownloadError):
    """The path, or what lies there, would lead outside the base."""


class Source(FetcherInterface):
    """A place with ``metadata/`` and ``targets/`` below it.

    python-tuf's fetcher interface, with paths relative to the base in place of addresses.
    """

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """The place, for people: an address or a folder."""

    @abc.abstractmethod
    def open(self, path: str, offset: int = 0) -> Iterator[bytes]:
        """The bytes of ``path`` (e.g. ``metadata/timestamp.json``) from ``offset`` on.

        An ``offset`` at or behind the end yields nothing.
        """

    def _fetch(self, url: str) -> Iterator[bytes]:
        return self.open(url)


def parts_of(path: str) -> list[str]:
    """The steps of ``path``, none of which leads up or elsewhere.

    Raises:
        ForbiddenPathError: absolute, with ``..``, an empty step, a backslash or a NUL.
    """
    parts = path.split("/")
    if any(part in {"", ".", ".."} or "\\" in part or "\0" in part for part in parts):
        raise ForbiddenPathError(f"the path {path!r} leads outside the repository")
    return parts
