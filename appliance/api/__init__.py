"""The web edge: pages, JSON and the health address."""
