"""The ground under all rooms; it knows none of them."""

__version__ = "0.1.0"
