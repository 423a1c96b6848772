"""The rules of telephone calls."""
