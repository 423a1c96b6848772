"""Use cases of telephone calls."""
