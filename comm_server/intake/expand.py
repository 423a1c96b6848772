"""Content encodings, expanded under a limit that is checked while expanding."""

from __future__ import annotations

import zlib
from io import BytesIO

import brotli
import zstandard

from comm_server.intake.interface import PoisonError

ENCODINGS = ("", "identity", "gzip", "deflate", "br", "zstd")
_BROKEN = (zlib.error, zstandard.ZstdError, brotli.error)


def expand(body: bytes, encoding: str, most: int) -> bytes:
    """``body`` decoded, at most ``most`` bytes. Raises PoisonError."""
    if encoding not in ENCODINGS:
        raise PoisonError(f"unknown content encoding {encoding!r}")
    try:
        data, whole = _decode(body, encoding, most + 1)
    except _BROKEN as error:
        raise PoisonError(f"the body is not valid {encoding}: {error}") from error
    if len(data) > most:
        raise PoisonError(f"the body expands beyond {most} bytes")
    if not whole:
        raise PoisonError(f"the {encoding} body is cut off")
    return data


def head(body: bytes, encoding: str, length: int = 2048) -> bytes:
    """The first bytes of a body, or nothing when they cannot be had."""
    try:
        return _decode(body, encoding, length)[0][:length]
    except _BROKEN:
        return b""


def _decode(body: bytes, encoding: str, most: int) -> tuple[bytes, bool]:
    """About ``most`` bytes at most (br: a little over), and whether the data came to its end."""
    if encoding in {"gzip", "deflate"}:
        # 32: gzip or zlib by header. Some clients send raw deflate without a header.
        bits = 32 + zlib.MAX_WBITS
        if encoding == "deflate" and body[:1] and body[0] & 0x0F != 8:
            bits = -zlib.MAX_WBITS
        inflate = zlib.decompressobj(bits)
        return inflate.decompress(body, most), inflate.eof
    if encoding == "br":
        unbrotli = brotli.Decompressor()
        return unbrotli.process(body, output_buffer_limit=most), unbrotli.is_finished()
    if encoding == "zstd":
        with zstandard.ZstdDecompressor().stream_reader(
            BytesIO(body), read_across_frames=True
        ) as reader:
            return reader.read(most), True
    return body[:most], True
