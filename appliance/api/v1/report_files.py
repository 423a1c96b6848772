"""A report as a file that opens in a spreadsheet: CSV and XLSX."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import IO

import xlsxwriter

Cell = str | int | float | None
Sheet = tuple[str, Iterable[Sequence[Cell]]]
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_IN_MEMORY = 1024 * 1024  # bytes of a workbook; a larger one lies on the disk while it is sent
_PART = 64 * 1024


def csv_lines(lines: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """CSV by RFC 4180, line by line; begins with the mark by which Excel reads it as UTF-8."""
    yield "\ufeff"
    for line in lines:
        place = io.StringIO()
        csv.writer(place, lineterminator="\r\n").writerow(
            [_as_text(cell) if isinstance(cell, str) else cell for cell in line]
        )
        yield place.getvalue()


def xlsx_parts(sheets: Sequence[Sheet]) -> Iterator[bytes]:
    """A workbook; each sheet with its name, its first line as the heading."""
    place: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed below
    with closing(place):
        book = xlsxwriter.Workbook(
            place, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for name, lines in sheets:
            sheet = book.add_worksheet(name[:31])
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, 30, 16)
            for number, line in enumerate(lines):
                sheet.write_row(number, 0, line, None if number else bold)
        book.close()
        place.seek(0)
        while part := place.read(_PART):
            yield part


def _as_text(cell: str) -> str:
    """A name that a spreadsheet would run as a formula is marked as text (CWE-1236)."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
