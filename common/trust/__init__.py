"""Whether bytes are a release: the only code that decides it, on python-tuf's client."""

from common.trust.folder_source import FolderSource
from common.trust.http_source import HttpSource
from common.trust.repository import Repository
from common.trust.source import Source

__all__ = ["FolderSource", "HttpSource", "Repository", "Source"]
