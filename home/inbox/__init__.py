"""The vendor's inbox: sealed mails in, problems of all sites out.

One mail goes one way: `mailbox` (where it lies) -> `mail` (find the attachment) -> `verify` (open
it, whose is it) -> `record` (one transaction) -> `acks` (signed answer) -> moved to ``cur``.
Killed anywhere, the mail is still in ``new`` and the next run comes to the same state:

- A bundle is known by site, sequence and sha256; a second copy writes nothing but the hour it was
  heard of again, so that its acknowledgement is handed out again.
- Two bundles of one site with one sequence and different bytes are both kept (a site restored
  from a backup does that) and reported as a fork.
- Gaps and the chain of hashes are not stored: `chain` derives them from the bundles that are
  there, so a bundle that comes late closes its gap by being there.

How counts stay right: a manifest's ``count`` is the site's absolute total when the bundle was
made. Per site and problem the home keeps the numbers of the highest sequence; a resent or late
bundle has a lower one and changes no count. First and last seen, releases and machines are merged
(earliest, latest, union): these do not depend on the order in which bundles arrive.
"""
