"""Content encodings, expanded under a limit that is checked while expanding."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from io import BytesIO

import brotli
import zstandard

from comm_server.intake.interface import PoisonError

ENCODINGS = ("", "identity", "gzip", "deflate", "br", "zstd")
_BROKEN = (zlib.error, zstandard.ZstdError, brotli.error)
_PIECE = 64 * 1024
# What one byte of deflate becomes at most (a match of 258 bytes in two bits). The others have no
# such bound.
_MOST_DEFLATE = 1032
_ZSTD_WINDOW = 8 * 2**20  # bytes; what a sender may ask of us at most (RFC 9659)


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


def fits(body: bytes, encoding: str, most: int) -> bool:
    """Whether ``body`` expands to at most ``most`` bytes.

    It is expanded piece by piece, counted and let go. What is broken fits: it can be kept as it is.
    """
    if encoding in {"", "identity"}:
        return len(body) <= most
    if encoding in {"gzip", "deflate"} and len(body) * _MOST_DEFLATE <= most:
        return True
    count = 0
    try:
        for size in _sizes(body, encoding):
            count += size
            if count > most:
                return False
    except _BROKEN:
        pass
    return True


def head(body: bytes, encoding: str, length: int = 2048) -> bytes:
    """The first bytes of a body, or nothing when they cannot be had."""
    try:
        return _decode(body, encoding, length)[0][:length]
    except _BROKEN:
        return b""


def _decode(body: bytes, encoding: str, most: int) -> tuple[bytes, bool]:
    """About ``most`` bytes at most (br: a little over), and whether the data came to its end."""
    if encoding in {"gzip", "deflate"}:
        inflate = zlib.decompressobj(_bits(body, encoding))
        return inflate.decompress(body, most), inflate.eof
    if encoding == "br":
        unbrotli = brotli.Decompressor()
        return unbrotli.process(body, output_buffer_limit=most), unbrotli.is_finished()
    if encoding == "zstd":
        with _unzstd(body) as reader:
            return reader.read(most), True
    return body[:most], True


def _sizes(body: bytes, encoding: str) -> Iterator[int]:
    """The lengths of the expanded body's pieces."""
    if encoding == "zstd":
        with _unzstd(body) as reader:
            while piece := reader.read(_PIECE):
                yield len(piece)
    elif encoding == "br":
        unbrotli = brotli.Decompressor()
        piece = unbrotli.process(body, output_buffer_limit=_PIECE)
        while piece:
            yield len(piece)
            if unbrotli.is_finished():
                return
            piece = unbrotli.process(b"", output_buffer_limit=_PIECE)
    else:
        inflate = zlib.decompressobj(_bits(body, encoding))
        for start in range(0, len(body), _PIECE):
            rest, full = body[start : start + _PIECE], True
            while full or rest:
                size = len(inflate.decompress(rest, _PIECE))
                yield size
                rest, full = inflate.unconsumed_tail, size == _PIECE
                if inflate.eof:
                    return


def _bits(body: bytes, encoding: str) -> int:
    """Zlib's ``wbits``. 32: gzip or zlib by header; some clients send raw deflate without one."""
    if encoding == "deflate" and body[:1] and body[0] & 0x0F != 8:
        return -zlib.MAX_WBITS
    return 32 + zlib.MAX_WBITS


def _unzstd(body: bytes) -> zstandard.ZstdDecompressionReader:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    return decompressor.stream_reader(BytesIO(body), read_across_frames=True)
