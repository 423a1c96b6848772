"""Whether a problem is back: seen in a release later than the one that fixed it. Pure."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version


def is_regression(seen_in: str, resolved_in: str) -> bool:
    """Compare two releases, each ``program@version`` or a version alone.

    What cannot be compared (no version, or another program's) is no regression: a false alarm
    would teach people to look away.
    """
    seen_program, seen = _parts(seen_in)
    fixed_program, fixed = _parts(resolved_in)
    if seen is None or fixed is None:
        return False
    if seen_program and fixed_program and seen_program != fixed_program:
        return False
    return seen > fixed


def _parts(release: str) -> tuple[str, Version | None]:
    program, _at, version = release.rpartition("@")
    try:
        return program.strip(), Version(version)
    except InvalidVersion:
        return program.strip(), None
