"""A vendor's repository as a reader may trust it.

Nothing else in Callstead decides whether bytes are a release. What comes out of `Repository` was
signed by the vendor's keys for exactly this product, is not older than what was seen before and
has not passed its date. Everything else is a `RefusedError` with a kind and a plain sentence:

========== ======================================================================
kind       what was wrong
========== ======================================================================
signature  too few signatures of the right keys
rollback   older than a state already seen
expired    past its date (held back, not renewed, or this clock is wrong)
tampered   not the bytes, or not the version, that were announced
oversized  more bytes than allowed
malformed  not what it should be
unknown    no trusted role names it
product    signed, but speaks of another product, version or platform
path       a name or a link leads outside
channel    not this channel's pointer
manifest   the manifest breaks its rules
pack       the pack does not hold what its manifest says
========== ======================================================================
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version
from tuf.api.exceptions import DownloadError, RepositoryError

from common.clock import Clock, SystemClock
from common.errors import OperatorError
from common.trust import refusals
from common.trust.client import Client
from common.trust.download import Progress, Wanted, to_file, to_memory
from common.trust.source import ForbiddenPathError, Source, parts_of
from common.wire.release import (
    Manifest,
    Notice,
    channel_target,
    manifest_target,
    read_channel,
    read_issues,
    read_manifest,
    read_notices,
)
from common.wire.rollout import Terms, read_terms

MOST_READ = 4 * 2**20
_HEX = re.compile(r"[0-9a-f]{64}|[0-9a-f]{128}")


class Repository:
    """One reader's view of the repository at ``source``.

    Not for two threads or processes at once: each reader has a folder of its own.

    Args:
        folder: the trusted metadata, which is the memory against replays. Made when missing;
            a copy can be thrown away without a trace.
        root: the root metadata that came with the kit; trust starts here.
        source: where the bytes come from; it is not trusted.
        clock: decides what has expired.
        algorithms: of hashes; a target must carry one of them. Our own lists carry sha256.
    """

    def __init__(
        self,
        folder: Path,
        root: bytes,
        source: Source,
        clock: Clock | None = None,
        algorithms: tuple[str, ...] = ("sha256",),
    ) -> None:
        self._folder = folder
        self._root = root
        self._source = source
        self._clock = clock or SystemClock()
        self._algorithms = algorithms
        self._client: Client | None = None

    def refresh(self) -> None:
        """Fetch and verify the newest lists.

        Raises:
            RefusedError: they are not to be trusted; the folder keeps what it had.
            NetworkError: the source was not reached.
            OperatorError: the folder cannot be written.
        """
        self._client = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            client = Client(self._folder, self._root, self._source, self._clock)
        except RepositoryError as error:
            raise OperatorError(
                "The root of trust that this machine was given cannot be used "
                f"({error}). Ask the vendor for a new kit."
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error
        with self._in_words(client):
            client.refresh()
        self._client = client

    def info(self, target: str) -> tuple[int, str]:
        """Length in bytes and sha256 (hex) of ``target``.

        Raises:
            RefusedError: ``unknown`` when no trusted role names it, or its list is refused.
            NetworkError: the product's list was not reached.
        """
        wanted = self._find(target)
        return wanted.length, wanted.hashes["sha256"]

    def published_path(self, target: str) -> str:
        """Where the target lies below the source's base: ``targets/DIR/HASH.NAME``."""
        return self._find(target).path

    def read(self, target: str, most: int = MOST_READ) -> bytes:
        """The verified bytes of a small target. Raises as `download` does."""
        wanted = self._find(target)
        if wanted.length > most:
            raise refusals.refusal(
                "oversized",
                f"The file {target} has {wanted.length} bytes; at most {most} are taken.",
            )
        return to_memory(self._source, wanted)

    def download(
        self,
        target: str,
        destination: Path,
        progress: Progress | None = None,
    ) -> None:
        """Fetch a target of any size to ``destination``, going on where an earlier try ended.

        ``destination`` appears whole, verified and durable, or not at all. When it is already
        there with the right bytes nothing is fetched.

        Args:
            target: e.g. ``companion/1.0.1/linux-x86_64/full.tar.zst``.
            destination: the file to make; a hidden ``.part`` grows beside it.
            progress: called with (bytes so far, bytes in all).

        Raises:
            RefusedError: ``tampered``, ``oversized``, or as `info`.
            NetworkError: it broke off; call again to go on.
            OperatorError: the file cannot be written, e.g. the disk is full.
        """
        to_file(self._source, self._find(target), destination, progress or _unwatched)

    def channel(self, product: str, channel: str) -> dict[str, str]:
        """The version that ``channel`` of ``product`` points to, by platform."""
        target = channel_target(product, channel)
        return read_channel(_json(self.read(target), target), product, channel)

    def notice(self, product: str, channel: str, version: str) -> Notice | None:
        """What the vendor has said against ``version`` on that channel; None: nothing."""
        target = channel_target(product, channel)
        return read_notices(_json(self.read(target), target)).get(_plain_version(version))

    def issue(self, product: str, channel: str, version: str) -> int:
        """How often the vendor has issued ``version`` again in that channel; see `read_issues`."""
        target = channel_target(product, channel)
        return read_issues(_json(self.read(target), target)).get(version, 0)

    def terms(self, product: str, channel: str, version: str) -> Terms:
        """How the vendor asks to spread ``version`` in that channel; see `read_terms`."""
        target = channel_target(product, channel)
        found = read_terms(_json(self.read(target), target))
        return found.get(_plain_version(version), Terms())

    def manifest(self, product: str, version: str, platform: str) -> Manifest:
        """The manifest of a release.

        Raises:
            RefusedError: ``product`` when it is another release's, ``manifest`` when it breaks
                the rules, or as `read`.
        """
        target = manifest_target(product, version, platform)
        manifest = read_manifest(_json(self.read(target), target))
        asked = (product, _plain_version(version), platform)
        if (manifest.product, manifest.version, manifest.platform) != asked:
            raise refusals.refusal(
                "product",
                f"Where {product} {version} for {platform} should be lies "
                f"{manifest.product} {manifest.version} for {manifest.platform}.",
            )
        return manifest

    def metadata(self) -> dict[str, bytes]:
        """What was verified so far, by published name, in the order in which to lay it out."""
        return dict(self._fresh().trusted_files())

    def _fresh(self) -> Client:
        if self._client is None:
            self.refresh()
        assert self._client is not None  # noqa: S101 - for mypy; refresh sets it or raises
        return self._client

    def _find(self, target: str) -> Wanted:
        try:
            parts_of(target)
        except ForbiddenPathError as error:
            raise refusals.from_download(error, target, self._source.name) from None
        client = self._fresh()
        with self._in_words(client):
            found = client.get_targetinfo(target)
        if found is None:
            raise refusals.unknown_target(target)
        hashes = {
            name: found.hashes[name]
            for name in self._algorithms
            if _HEX.fullmatch(found.hashes.get(name, ""))
        }
        if not hashes:
            names = " or ".join(self._algorithms)
            raise refusals.refusal("malformed", f"The file {target} is listed without its {names}.")
        return Wanted(target, found.length, hashes, client.consistent)

    @contextlib.contextmanager
    def _in_words(self, client: Client) -> Iterator[None]:
        try:
            yield
        except RepositoryError as error:
            raise refusals.from_repository(error, client.asked) from error
        except DownloadError as error:
            raise refusals.from_download(error, client.asked_path, self._source.name) from error
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> OperatorError:
        return OperatorError(
            f"The folder {self._folder} cannot be written ({error.strerror or error}). "
            "Free disk space, or correct its owner."
        )


def _unwatched(_done: int, _total: int) -> None:
    pass


def _json(data: bytes, target: str) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:  # covers bytes that are no UTF-8
        raise refusals.refusal("malformed", f"The file {target} is not JSON.") from error
    except RecursionError as error:
        raise refusals.refusal("malformed", f"The file {target} is nested too deeply.") from error


def _plain_version(version: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion as error:
        raise refusals.refusal("malformed", f"{version!r} is not a version.") from error
