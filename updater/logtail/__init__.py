"""Follows log files, for programs that cannot report by themselves.

Pure rules: `patterns` (which files), `rotation` (is it still the same file), `cut` (bytes to
lines), `joining` (lines to records), `levels` (what is an error), `stamps` (when it was).
`ring` keeps the records together with the place that they were read up to, in one transaction;
`follower` reads, `sender` hands over to the communications server.
"""
