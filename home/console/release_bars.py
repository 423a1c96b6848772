"""How far releases have come, as pictures; the numbers are those of `home.rollouts`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from common.web.progress import Part, progress
from common.web.texts import Texts
from home.rollouts import STANDS, Spread

_TONES = {
    "installed": "good",
    "going": "info",
    "missing": "bad",
    "failed": "bad",
    "returned": "warn",
    "silent": "plain",
    "before": "plain",
}


def release_bars(
    counts: Mapping[tuple[str, str], Mapping[str, int]], texts: Texts
) -> dict[tuple[str, str], Markup]:
    """One bar for each product and version, over all sites."""
    return {
        about: _bar(found, f"release-{number}", texts, texts.t("rollout.all"))
        for number, (about, found) in enumerate(counts.items())
    }


def spread_rows(
    named: Sequence[tuple[str, Spread]], texts: Texts
) -> list[tuple[str, Spread, Markup]]:
    """Each spread with its name and its bar."""
    return [
        (name, one, _bar(one.counts, f"site-{number}", texts, one.site_name))
        for number, (name, one) in enumerate(named)
    ]


def whole_bar(spreads: Iterable[Spread], texts: Texts) -> Markup:
    """One bar for all sites together."""
    total: Counter[str] = Counter()
    for one in spreads:
        total.update(one.counts)
    return _bar(total, "whole", texts, texts.t("rollout.all"))


def _bar(counts: Mapping[str, int], name: str, texts: Texts, title: str) -> Markup:
    parts = [
        Part(_TONES[stand], texts.t(f"rollout.stands.{stand}"), counts.get(stand, 0))
        for stand in STANDS
    ]
    return progress(parts, title=title, name=name)
