"""The switch, Asterisk 22: brought here, configured, kept running, and spoken with."""
