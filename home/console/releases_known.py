"""The releases that the home has published, for choosing one."""

from __future__ import annotations

from home.console.context import Context
from home.publish.releases import Releases


def known_releases(context: Context, products: set[str]) -> list[str]:
    """``product@version`` of these products, newest first within each."""
    publication = context.publication
    if not publication.exists:
        return []
    releases = Releases(publication, context.store, context.clock)
    return [
        f"{name}@{version}"
        for name in publication.products()
        if name in products
        for version in reversed(releases.versions(name))
    ]
