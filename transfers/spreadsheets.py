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

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.writer.excel import ExcelWriter

from helpdesk.errors import Invalid

from .cells import as_text, escaped, unescaped
from .sheets import BROKEN, IN_PIECES, TOO_LARGE, FirstSheet

MAX_SHEET_ROWS = 1_048_575  # below the header
MAX_EXACT = 2**53  # beyond, a spreadsheet rounds whole numbers
MAX_SHEET_CELL = 32_767  # characters
CUT_AT = 4_000
CUT = " […cut off: too long for a spreadsheet cell]"

MAX_UNPACKED = 400 * 1024 * 1024  # bytes of all parts; sheets and the texts they share are read piece by piece
MAX_PART = 16 * 1024 * 1024  # of any other part: those are held in memory
MAX_PARTS = 1_000
MOST_CHARACTERS = 200_000_000  # of all cells: a text that cells share is unpacked once, and read in each of them

UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
CODED = re.compile(r"_x(?![Dd][89A-Fa-f])([0-9A-Fa-f]{4})_")  # half a character is no text
BEGINNING = datetime(1980, 1, 1)  # noqa: DTZ001 - the earliest moment in a ZIP archive, which knows no zones


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
        raise Invalid(BROKEN) from None


def read(file: IO[bytes], max_columns: int) -> Iterator[tuple[int, Cells, str | None]]:
    """The rows of the first sheet with their numbers, and what is wrong with a row; raises Invalid for the file.

    Every cell is text: an empty one "", and None where the cell says nothing about the value it stands for.
    """
    left = MOST_CHARACTERS
    with readable(file):
        check_archive(file)
        for number, row in FirstSheet(file, max_columns).rows():
            left -= sum(len(value) for value, _ in row if isinstance(value, str))
            if left < 0:
                raise Invalid(TOO_LARGE)
            problem = next((problem for _, problem in row if problem), None)
            yield number, [text_of(value) for value, _ in row], problem


def check_archive(file: IO[bytes]) -> None:
    file.seek(0)
    try:
        parts = ZipFile(file).infolist()
    except BadZipFile:
        raise Invalid(BROKEN) from None
    too_large = any(part.file_size > most_bytes(part.filename) for part in parts)
    if too_large or len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise Invalid(TOO_LARGE)
    file.seek(0)


def most_bytes(part: str) -> int:
    return MAX_UNPACKED if IN_PIECES.search(part) else MAX_PART


def text_of(value: Any) -> str | None:
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
