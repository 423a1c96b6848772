"""The call centre's rules: no I/O, the standard library alone."""
