"""What to do when bytes of a database have changed on the disk: notice, repair, or save the rest.

`check.trouble` notices. `wal.repair` puts a changed byte of the write-ahead log right by its
checksums, before SQLite would silently forget everything behind it. `rescue.rescue` copies every
row that can still be read, page by page, into a fresh file, and puts the damaged one aside.

The format is https://sqlite.org/fileformat2.html; section numbers in this package are its own.
"""

from common.salvage.check import is_damage, remember_roots, trouble
from common.salvage.rescue import Rescued, finish, rescue
from common.salvage.wal import repair

__all__ = ["Rescued", "finish", "is_damage", "remember_roots", "repair", "rescue", "trouble"]
