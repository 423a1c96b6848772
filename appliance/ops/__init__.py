"""Watching the appliance from outside: metrics."""
