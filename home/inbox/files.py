"""A folder of bundles on a USB stick: ``*.csb`` (sealed bundles) and ``*.eml`` (whole mails)."""

from __future__ import annotations

from pathlib import Path

from common.atomic import write_bytes
from common.errors import OperatorError, RefusedError
from home.inbox.mail import open_mail, read_headers
from home.inbox.mailbox import Attachment, Headers

_KINDS = {".csb", ".eml"}


class BundleFiles:
    """The bundle files in ``folder``; nothing there is moved or removed, only ``acks`` is added.

    Args:
        folder: looked through with its subfolders.
        most_bytes: a larger file is refused unread.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        if not folder.is_dir():
            raise OperatorError(f"{folder} is not a folder. Name the folder with the bundles.")
        self.folder = folder
        self._most = most_bytes

    def names(self) -> list[str]:
        """Paths below the folder, in the order of their names, which is that of sequences."""
        found = (p for p in self.folder.rglob("*") if p.suffix in _KINDS and p.is_file())
        return sorted(str(path.relative_to(self.folder)) for path in found)

    def open(self, name: str) -> Attachment:
        """The bundle in a file."""
        path = self.folder / name
        if path.stat().st_size > self._most:
            raise RefusedError("oversized", f"The file is larger than {self._most} bytes.")
        data = path.read_bytes()
        return open_mail(data) if path.suffix == ".eml" else Attachment(data, path.name)

    def headers(self, name: str) -> Headers:
        """Who sent it; a bare bundle has no sender."""
        path = self.folder / name
        if path.suffix != ".eml" or path.stat().st_size > self._most:
            return Headers(subject=name)
        return read_headers(path.read_bytes())

    def accept(self, name: str) -> None:
        """Leaves the stick as it is: a second import finds duplicates, which is harmless."""

    def refuse(self, name: str) -> None:
        """Leaves the stick as it is; the command says what was refused."""

    def leave(self, name: str, acknowledgement: bytes) -> None:
        """Lay a site's acknowledgement into ``acks`` on the stick. Raises OperatorError."""
        path = self.folder / "acks" / name
        try:
            write_bytes(path, acknowledgement)
        except OSError as error:
            raise OperatorError(
                f"The acknowledgement cannot be written to {path} ({error.strerror}). The bundles "
                "were read; make the stick writable and run the import once more."
            ) from error

    def forget(self, name: str) -> None:
        """Leaves the stick as it is."""
