"""How a release spreads over the site, and when it stops."""
