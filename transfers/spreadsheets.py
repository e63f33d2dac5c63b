"""XLSX: written without holding it in memory, and read without trusting it.

An XLSX file is a ZIP archive of XML, so a small one can unpack into gigabytes: what it says about its size is checked
before anything is parsed, and Python's zipfile never unpacks more than that. Text that XML cannot hold is written as
Excel does it (`_x000D_`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.writer.excel import ExcelWriter

from helpdesk.errors import Invalid

from .cells import as_text, escaped, unescaped

MAX_SHEET_ROWS = 1_048_575  # below the header
MAX_EXACT = 2**53  # beyond, a spreadsheet rounds whole numbers
MAX_SHEET_CELL = 32_767  # characters
CUT_AT = 4_000
CUT = " […cut off: too long for a spreadsheet cell]"

MAX_UNPACKED = 400 * 1024 * 1024  # bytes of all parts; sheets are read piece by piece
MAX_PART = 64 * 1024 * 1024  # of any part but sheets: those are held in memory
MAX_PARTS = 1_000
SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*ref="([^"]{1,40})"')

UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
CODED = re.compile(r"_x([0-9A-Fa-f]{4})_")
BEGINNING = datetime(1980, 1, 1)  # noqa: DTZ001 - the earliest moment in a ZIP archive, which knows no zones
NO_SPREADSHEET = "This file is not a spreadsheet that can be read. Save it as XLSX or CSV and try again."


def write(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """A workbook in a temporary file, the same bytes for the same rows.

    Raises Invalid when there are more rows than a sheet can hold.
    """
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Export")
    sheet.append([cell(sheet, name) for name in header])
    for number, row in enumerate(rows, 1):
        if number > MAX_SHEET_ROWS:
            raise Invalid(format=f"A spreadsheet has {MAX_SHEET_ROWS} rows at most; take csv or json.")
        sheet.append([cell(sheet, value) for value in row])
    file = TemporaryFile()  # noqa: SIM115 - the caller sends and closes it
    workbook.properties.created = workbook.properties.modified = BEGINNING
    ExcelWriter(workbook, TimelessArchive(file, "w", ZIP_DEFLATED)).save()
    file.seek(0)
    return file


class TimelessArchive(ZipFile):
    """An archive that says nothing of when it was written: equal content makes equal bytes."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *args: Any, **kwargs: Any) -> None:
        super().writestr(self.entry(zinfo_or_arcname), data)

    def write(self, filename: Any, arcname: Any = None, *args: Any, **kwargs: Any) -> None:
        entry = self.entry(arcname or filename)
        entry.file_size = Path(filename).stat().st_size
        with Path(filename).open("rb") as source, self.open(entry, "w") as target:
            copyfileobj(source, target)

    def entry(self, name: str) -> ZipInfo:
        entry = ZipInfo(name, BEGINNING.timetuple()[:6])
        entry.compress_type = self.compression
        return entry


def cell(sheet: Any, value: Any) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, bool | float) or (isinstance(value, int) and abs(value) <= MAX_EXACT):
        return value
    text = escaped(as_text(value))
    coded = in_xml(text)
    if len(coded) > MAX_SHEET_CELL:
        coded = in_xml(text[:CUT_AT]) + CUT
    written = WriteOnlyCell(sheet, coded)
    written.data_type = "s"  # whatever it looks like, an error such as #N/A for instance
    return written


def in_xml(text: str) -> str:
    return UNSAFE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def from_xml(text: str) -> str:
    return CODED.sub(lambda found: chr(int(found[1], 16)), text)


# --- Reading ------------------------------------------------------------------------------------------

Cells = list[str | None]


@contextmanager
def readable(file: IO[bytes]) -> Iterator[None]:
    """Whatever a broken file makes the parsers raise means that it cannot be read."""
    try:
        yield
    except Invalid:
        raise
    except Exception:  # openpyxl, zipfile, zlib and expat raise whatever they like
        raise Invalid(NO_SPREADSHEET) from None


def read(file: IO[bytes], max_columns: int) -> Iterator[tuple[int, Cells, str | None]]:
    """The rows of the first sheet with their numbers, and what is wrong with a row; raises Invalid for the file.

    Every cell is text: an empty one "", and None where the cell says nothing about the value it stands for.
    """
    with readable(file):
        check_archive(file)
        workbook = load_workbook(file, read_only=True, keep_links=False)
        if not workbook.worksheets:
            raise Invalid(NO_SPREADSHEET)
        sheet: Any = workbook.worksheets[0]
        refuse_merged_cells(file, sheet._worksheet_path)
        sheet.reset_dimensions()  # what the file says of its size may be wrong, or far too large
        numbered = enumerate(sheet.iter_rows(max_row=MAX_SHEET_ROWS + 1, max_col=max_columns + 1), 1)
        for number, row in numbered:
            problem = next(filter(None, map(problem_with, row)), None)
            yield number, [text_of(cell) for cell in row], problem


def check_archive(file: IO[bytes]) -> None:
    file.seek(0)
    try:
        parts = ZipFile(file).infolist()
    except BadZipFile:
        raise Invalid(NO_SPREADSHEET) from None
    too_large = any(part.file_size > MAX_PART and not SHEET.fullmatch(part.filename) for part in parts)
    if too_large or len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise Invalid("This spreadsheet is too large once it is unpacked. Split it, or save it as CSV.")
    file.seek(0)


def refuse_merged_cells(file: IO[bytes], path: str) -> None:
    """All but the first of merged cells are empty: nobody can say what was meant by the others."""
    with ZipFile(file) as archive, archive.open(path) as sheet:
        tail = b""
        while piece := sheet.read(1 << 20):
            if found := MERGED.search(tail + piece):
                where = found[1].decode(errors="replace")
                raise Invalid(f"The cells {where} are merged. Unmerge them, so that every row has its own values.")
            tail = piece[-200:]
    file.seek(0)


def problem_with(cell: Any) -> str | None:
    if cell.data_type == "f":
        return f"Cell {cell.coordinate} is a formula. Paste it as a value."
    if cell.data_type == "e":
        return f"Cell {cell.coordinate} holds the error {cell.value}."
    return None


def text_of(cell: Any) -> str | None:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return None if value.endswith(CUT) else unescaped(from_xml(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool | int | float):
        return as_text(value)
    return str(value)
