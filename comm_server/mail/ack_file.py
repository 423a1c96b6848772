"""Acknowledgements in a file: brought back on the stick that carried the bundles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from comm_server.mail.ack_source import Keep, read_statement
from comm_server.site import Site
from common.errors import OperatorError
from common.wire.acknowledgement import MOST_BYTES


@dataclass(frozen=True)
class FileSource:
    """One file; see `comm_server.mail.ack_source`. It stays where it is."""

    site: Site
    path: Path

    def hear(self, keep: Keep) -> list[int]:
        """Read it once. Raises OperatorError when it cannot be read."""
        try:
            with self.path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise OperatorError(
                f"The acknowledgements {self.path} cannot be read: {error.strerror}."
            ) from error
        if len(data) > MOST_BYTES:
            raise OperatorError(f"{self.path} is larger than any acknowledgement.")
        return keep(read_statement(data, self.site, str(self.path)))
