"""The version of the companion."""

VERSION = "1.0.1"
