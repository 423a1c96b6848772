"""Rows of ``raw``: what came in, as it came in, with a sum that tells when the disk changed it."""

from __future__ import annotations

import zlib

from common.spool import Row

INSERT = (
    "INSERT INTO raw (received_at, kind, dsn, encoding, body, sum) "
    "VALUES (:received_at, :kind, :dsn, :encoding, :body, :sum)"
)


def values(received_at: str, kind: str, dsn: int, encoding: str, body: bytes) -> Row:
    """What `INSERT` takes."""
    row: Row = {"received_at": received_at, "kind": kind, "dsn": dsn, "encoding": encoding}
    return row | {"body": body, "sum": _sum(row, body)}


def is_whole(row: Row) -> bool:
    """Whether a row, with all that `values` gave it, is as it was written."""
    return row["sum"] is None or row["sum"] == _sum(row, row["body"])


def _sum(row: Row, body: bytes) -> int:
    head = f"{row['received_at']} {row['kind']} {row['dsn']} {row['encoding']} "
    return zlib.crc32(body, zlib.crc32(head.encode()))
