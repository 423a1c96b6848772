"""Signing and laying out what sites may trust: roles, releases, channels, approvals."""
