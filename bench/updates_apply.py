"""Apply one delta as the updater does, and tell its time and memory.

``updates_apply.py SLOTS BASE_PACK_FOLDER TARGET_MANIFEST DELTA``. The base's slot is built in a
process of its own, so that its memory is not counted.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

from common.wire.release import Manifest, read_manifest
from updater.build import build, build_from_delta


def manifest(path: Path) -> Manifest:
    return read_manifest(json.loads(path.read_bytes()))


def main() -> None:
    slots, pack, target, delta = (Path(argument) for argument in sys.argv[1:])
    base = manifest(pack / "manifest.json")
    if (child := os.fork()) == 0:
        build(pack / "full.tar.zst", base, slots)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    began, used = time.monotonic(), time.process_time()
    build_from_delta(delta, base, manifest(target), slots)
    seconds, processor = time.monotonic() - began, time.process_time() - used
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "processor": processor, "megabytes": megabytes}))


main()
