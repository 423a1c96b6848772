"""A whole site and a small home on one machine: `callstead run` and `callstead demo`."""
