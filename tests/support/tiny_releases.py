"""A vendor in a folder, with home's own code, whose releases are small shell scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common.clock import SystemClock
from common.wire.release import CHANNELS, Health, Manifest, this_platform
from common.wire.rollout import Terms
from home import pack as packing
from home.publish import room
from home.settings import HomeSettings

PRODUCT = "companion"
# Answers /healthz with 200 and everything else with 404, from a folder of its own.
WELL = """#!/bin/sh
echo "$CALLSTEAD_RELEASE on $CALLSTEAD_PROGRAM_PORT for $CALLSTEAD_CLIENT"
mkdir -p "$CALLSTEAD_PROGRAM_DATA/www" && cd "$CALLSTEAD_PROGRAM_DATA/www" || exit 1
echo ok > healthz
exec python3 -m http.server "$CALLSTEAD_PROGRAM_PORT" --bind 127.0.0.1
"""
CRASHES = '#!/bin/sh\necho "this release cannot start" >&2\nexit 3\n'
# It lives, but never answers.
DEAF = "#!/bin/sh\necho listening to nobody\nexec sleep 300\n"


class TinyVendor:
    """Keys, packs and a publication below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._settings = HomeSettings(data_dir=str(folder / "home"))
        room.initialise(self._settings, SystemClock())

    @property
    def publication(self) -> Path:
        """What a mirror holds."""
        return self._settings.folder / "publication"

    @property
    def root(self) -> Path:
        """The root of trust that a client is given."""
        return self.publication / "metadata" / "1.root.json"

    def ship(
        self,
        version: str,
        script: str,
        *,
        within: float = 15.0,
        product: str = PRODUCT,
        path: str = "/healthz",
        terms: Terms | None = None,
        **rules: Any,
    ) -> Manifest:
        """Pack, publish and promote to the stable channel."""
        source = self._folder / "source" / product / version
        (source / "bin").mkdir(parents=True)
        (source / "bin" / "run").write_text(script)
        (source / "bin" / "run").chmod(0o755)
        (source / "version.txt").write_text(version)
        draft = Manifest(
            product=product,
            version=version,
            platform=this_platform(),
            start=("bin/run",),
            files=(),
            health=Health(path, within, 0.5),
            **rules,
        )
        out = self._folder / "packs" / product / version
        packed = packing.pack(source, draft, out, level=3, clock=SystemClock())
        with room.open_releases(self._settings, SystemClock()) as releases:
            releases.publish(out, "the test")
            for channel in CHANNELS[1:]:
                releases.promote(product, version, channel, "the test", terms=terms)
        return packed.manifest
