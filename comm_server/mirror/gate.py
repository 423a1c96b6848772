"""The gate itself: verify in staging, then move in as a whole, or quarantine.

The steps, each of which may be the last one before a kill:

1. ``staging/trusted`` is made anew from what is live; ``staging/targets`` keeps what an earlier
   try fetched, so that each byte comes over the Internet once.
2. Lists, channel pointers, manifests, deltas and packs are fetched and verified into staging.
3. ``staging/metadata`` and then ``staging/ready.json`` are written. From here on the offer is
   accepted, and whoever comes next finishes it, without the source.
4. Targets, lists and at last ``timestamp.json`` move into ``live``.
5. Rows and feed events are written in one transaction, and staging is cleared.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from packaging.version import Version

from comm_server.mirror.answers import Accepted, Refused, Release, Via
from comm_server.mirror.asked import Asked
from comm_server.mirror.cargo import Cargo, Running
from comm_server.mirror.live import Live
from comm_server.mirror.quarantine import Quarantine
from comm_server.mirror.records import Announce, Noticed, Records, Warn, no_warning
from comm_server.mirror.sources import Watched
from common import locks
from common.atomic import fsync_folder, fsync_tree, write_json
from common.clock import Clock, SystemClock, stamp
from common.errors import NetworkError, OperatorError, RefusedError
from common.logs import get_logger
from common.spool import Store
from common.trust import Repository, Source
from common.trust.expiry import of_published
from common.trust.refusals import refusal
from common.wire.release import channel_target
from common.wire.rollout import Terms

log = get_logger(__name__)
Subscriptions = Callable[[], Iterable[tuple[str, str, str]]]
_RESERVE = 256 * 2**20  # the database and the logs of the same disk go before a new release


class Mirror:
    """The site's copy of what the vendor has released.

    Args:
        folder: holds ``live``, ``staging`` and ``quarantine``.
        root: the TUF root that came with the kit.
        store: with the tables of `comm_server.mirror.schema`.
        subscriptions: answers the (product, channel, platform) that this site wants.
        announce: called with (connection, product, channel, platform, version) for each release
            that is new here, in the transaction that records it.
        running: answers the versions that this site's clients run; None: fetch full packs.
        clock: decides what has expired.
        warn: called when the vendor halts or withdraws a version, or lifts that; see `Warn`.
        quarantined: refused offers kept at most.
        lock_wait: seconds to wait for another offer.
    """

    def __init__(
        self,
        folder: Path,
        root: bytes,
        store: Store,
        subscriptions: Subscriptions,
        announce: Announce,
        *,
        running: Running | None = None,
        clock: Clock | None = None,
        warn: Warn = no_warning,
        quarantined: int = 20,
        lock_wait: float = 30.0,
    ) -> None:
        self._folder = folder
        self._root = root
        self._subscriptions = subscriptions
        self._clock = clock or SystemClock()
        self._records = Records(store, announce, self._clock, warn)
        self._quarantine = Quarantine(folder / "quarantine", quarantined, self._clock)
        self._running = running
        self._live = Live(folder / "live")
        self.asked = Asked(self._live)
        self._staging = folder / "staging"
        self._lock_wait = lock_wait

    @property
    def live(self) -> Path:
        """What clients read: ``metadata`` and ``targets``."""
        return self._live.folder

    def offer(self, source: Source, via: Via) -> Accepted | Refused:
        """Take in what ``source`` holds for this site, or refuse it.

        Raises:
            NetworkError: it was not reached, or is not complete; offer it again later. A push
                that is not complete is refused.
            OperatorError: the disk is full or not writable, or another offer takes long.
        """
        with self._locked():
            self._finish()
            watched = Watched(source, self._live.folder, self._staging)
            try:
                releases, notices, terms = self._verify(watched, via)
            except RefusedError as error:
                return self._refuse(error, via, watched.evidence)
            except NetworkError as error:
                if via != "push":
                    raise
                # A push says itself when it is complete: what it lacks will not come by waiting.
                return self._refuse(_incomplete(error), via, watched.evidence)
            except OSError as error:
                raise self._unwritable(error) from error
            self._records.keep_terms(terms)
            new = self._take_in(releases)
            if new:
                self._tidy(releases)
            self._records.note(notices)
            answer = Accepted(via, tuple(new), watched.fetched)
            tell = log.info if new else log.debug  # a quiet look is no news
            tell("mirror.accepted", via=via, new=len(new), fetched=watched.fetched)
            return answer

    def alarm_when_expired(self) -> bool:
        """Whether what is here has passed its date; if so it is told like a refused offer.

        A look at the vendor tells by itself; this is for a site that reaches nobody.
        """
        found = of_published(self.live / "metadata")
        if found is None or found.at > self._clock.now():
            return False
        sentence = (
            f"{found.what} that is here passed its date on {stamp(found.at)[:10]}: what is "
            "installed runs on, and nothing new is installed. Open the way to the vendor, or "
            "bring newer lists on a USB stick: `callstead comm import FOLDER`."
        )
        with self._locked():
            if not self._records.count_again("pull", "expired", sentence):
                place = self._quarantine.keep("expired", sentence, {})
                self._records.refuse("pull", "expired", sentence, place)
                log.warning("mirror.expired", role=found.role, at=stamp(found.at))
        return True

    def recover(self) -> None:
        """Finish what a killed run had accepted; call it at start."""
        with self._locked():
            self._finish()

    def _locked(self) -> contextlib.AbstractContextManager[None]:
        return locks.exclusive(
            self._folder / "lock",
            busy="Another offer of releases is being checked (process {holder}). Try again later.",
            wait=self._lock_wait,
            clock=self._clock,
        )

    def _verify(
        self, source: Watched, via: Via
    ) -> tuple[list[Release], list[Noticed], list[tuple[Release, Terms]]]:
        for left in ("trusted", "metadata"):
            shutil.rmtree(self._staging / left, ignore_errors=True)
        trusted = self._staging / "trusted"
        self._live.seed(trusted)
        repository = Repository(trusted, self._root, source, self._clock)
        repository.refresh()
        releases: list[Release] = []
        notices: list[Noticed] = []
        cargo = Cargo(repository, self._live, self._staging, self._fetch)
        for product, channel, platform in sorted(set(self._subscriptions())):
            found, noticed = self._bring(repository, cargo, product, channel, platform, via)
            releases += found
            notices += noticed
        terms = [(r, repository.terms(r.product, r.channel, r.version)) for r in releases]
        cargo.bring_asked(self.asked)
        place = self._staging / "metadata"
        place.mkdir()
        for name, data in repository.metadata().items():
            (place / name).write_bytes(data)
        return releases, notices, terms

    def _bring(
        self,
        repository: Repository,
        cargo: Cargo,
        product: str,
        channel: str,
        platform: str,
        via: Via,
    ) -> tuple[list[Release], list[Noticed]]:
        """Fetch what the channel points to; answers it, or nothing when it points nowhere.

        And what the vendor says against it; what was withdrawn is not fetched.
        """
        try:
            repository.info(channel_target(product, channel))
        except RefusedError as error:
            if error.kind != "unknown":
                raise
            log.info("mirror.no_such_channel", product=product, channel=channel)
            return [], []
        self._fetch(repository, channel_target(product, channel))
        version = repository.channel(product, channel).get(platform)
        if version is None:
            return [], []
        newest = self._records.newest(product, channel, platform)
        if newest and Version(version) < Version(newest):
            raise refusal(
                "rollback",
                f"The channel {channel} of {product} goes back from {newest} to {version}; a "
                "channel only goes forward.",
            )
        release = Release(product, channel, platform, version)
        notice = repository.notice(product, channel, version)
        noticed = [Noticed(release, notice)] if notice else []
        if notice and notice.withdrawn:
            return [], noticed
        cargo.bring(
            product,
            version,
            platform,
            running=self._running(product, platform) if self._running else (),
            whole=via != "pull" or self._running is None,
        )
        return [release], noticed

    def _fetch(self, repository: Repository, target: str) -> Path | None:
        """The staged file, or None when it is live already."""
        length, sha256 = repository.info(target)
        path = repository.published_path(target)
        if self._live.holds(path, length, sha256):
            return None
        free = shutil.disk_usage(self._staging).free
        if free < length + _RESERVE:
            raise OperatorError(
                f"The disk of {self._folder} has {free >> 20} MiB free; {target} takes "
                f"{length >> 20} MiB and {_RESERVE >> 20} MiB are kept free. Free disk space."
            )
        staged = self._staging / path
        repository.download(target, staged)
        return staged

    def _take_in(self, releases: list[Release]) -> list[Release]:
        """Answers what is new."""
        staged = (self._staging / "targets").rglob("*")
        if self._live.has(self._staging / "metadata") and not any(p.is_file() for p in staged):
            # The usual look at a quiet vendor: nothing to move, so the disk is left alone.
            shutil.rmtree(self._staging)
            return self._records.add(releases)
        self._accept(releases)
        return self._finish()

    def _accept(self, releases: list[Release]) -> None:
        """The point of no return: what is staged will become live."""
        try:
            fsync_tree(self._staging / "metadata")
            write_json(self._staging / "ready.json", [asdict(release) for release in releases])
        except OSError as error:
            raise self._unwritable(error) from error

    def _finish(self) -> list[Release]:
        """Move an accepted offer in, from wherever an earlier run was killed."""
        ready = self._staging / "ready.json"
        try:
            if not ready.exists():
                return []
            releases = [Release(**fields) for fields in json.loads(ready.read_bytes())]
            self._live.take_targets(self._staging / "targets")
            self._live.take_metadata(self._staging / "metadata")
            new = self._records.add(releases)
            ready.unlink()
            fsync_folder(self._staging)
            shutil.rmtree(self._staging)
        except OSError as error:
            raise self._unwritable(error) from error
        return new

    def _tidy(self, releases: list[Release]) -> None:
        if self._running is None:
            return
        for product in {release.product for release in releases}:
            here = [release for release in releases if release.product == product]
            found = [self._running(product, release.platform) for release in here]
            running = {version for versions in found for version in versions if version}
            self._live.let_go(product, {release.version for release in here}, running)

    def _refuse(self, error: RefusedError, via: Via, evidence: dict[str, bytes]) -> Refused:
        kind, sentence = error.kind, str(error)
        log.warning("mirror.refused", via=via, kind=kind, sentence=sentence)
        shutil.rmtree(self._staging, ignore_errors=True)
        place = None
        if not self._records.count_again(via, kind, sentence):
            try:
                place = self._quarantine.keep(kind, sentence, evidence)
            except OSError as trouble:
                raise self._unwritable(trouble) from trouble
            self._records.refuse(via, kind, sentence, place)
        return Refused(via, kind, sentence, place)

    def _unwritable(self, error: OSError) -> OperatorError:
        return OperatorError(
            f"The mirror's folder {self._folder} cannot be written ({error.strerror or error}). "
            "Free disk space, or correct its owner."
        )


def _incomplete(error: NetworkError) -> RefusedError:
    return refusal(
        "incomplete",
        f"The push lacks what it should bring: {error} Let the vendor push all of it again: "
        "`callstead home push SITE --again`.",
    )
