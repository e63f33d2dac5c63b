"""The parts of an XLSX file that hold its rows, read piece by piece in constant memory, whatever they are made of.

openpyxl opens the workbook and knows what a cell means. It is not asked for rows, since it makes up those that a sheet
leaves out, millions if need be, and keeps every element that it has passed.
"""

import re
from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import Element, XMLPullParser

from openpyxl.reader.excel import ExcelReader, _find_workbook_part
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from helpdesk.errors import Invalid

PIECE = 64 * 1024
MOST_ROWS = 1_048_576  # of a sheet
MOST_TEXTS = 2_000_000  # that cells share
MOST_EMPTY = 2_000_000  # cells with nothing in them, which compress to nothing and still take time to read
MOST_NODES = 250_000  # of one row: 16,384 cells with all that may be in them
LONGEST_NODE = 4 * 1024 * 1024  # bytes of text or attributes
IN_PIECES = re.compile(r"(?:worksheets/[^/]+|sharedStrings)\.xml$", re.IGNORECASE)  # names of the parts read here
ROW, CELL_TEXT, RUN, SHARED, MERGED = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("row", "t", "r", "si", "mergeCell"))
TOO_LARGE = "This spreadsheet is too large once it is unpacked. Split it, or save it as CSV."
BROKEN = "This file is not a spreadsheet that can be read. Save it as XLSX or CSV and try again."

# By column from the first one: the value, and what is wrong with it.
Cell = tuple[Any, str | None]
NOTHING: Cell = (None, None)


class FirstSheet:
    """The rows of the first sheet of a workbook. openpyxl raises whatever it likes for broken files."""

    def __init__(self, file: IO[bytes], max_columns: int) -> None:
        reader = ExcelReader(file, read_only=True, keep_links=False)
        reader.read_manifest()
        if IN_PIECES.search(_find_workbook_part(reader.package).PartName):
            raise Invalid(BROKEN)
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
        self.archive, self.workbook, self.max_columns = reader.archive, reader.wb, max_columns
        strings, known = reader.package.find(SHARED_STRINGS), set(reader.valid_files)
        self.texts = self.shared_texts(strings.PartName[1:]) if strings else []
        targets = [rel.target for _, rel in reader.parser.find_sheets() if "chartsheet" not in rel.Type]
        self.path = next((target for target in targets if target in known), None)
        if self.path is None:
            raise Invalid(BROKEN)

    def shared_texts(self, path: str) -> list[str]:
        texts: list[str] = []
        with self.archive.open(path) as source:
            for element in elements(source, below=1):
                if element.tag != SHARED:
                    continue
                runs = [*element.findall(CELL_TEXT), *element.findall(f"{RUN}/{CELL_TEXT}")]
                texts.append("".join(run.text or "" for run in runs))
                if len(texts) > MOST_TEXTS:
                    raise Invalid(TOO_LARGE)
        return texts

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """The rows that are there, with their numbers; raises Invalid."""
        last = empty = 0
        with self.archive.open(self.path) as source:
            parser = WorkSheetParser(
                source,
                self.texts,
                epoch=self.workbook.epoch,
                date_formats=self.workbook._date_formats,
                timedelta_formats=self.workbook._timedelta_formats,
            )
            for element in elements(source, below=2):
                if element.tag == MERGED:
                    refuse_merged(element)
                if element.tag != ROW:
                    continue
                number, cells = parser.parse_row(element)
                parser.row_dimensions.clear()
                if not last < number <= MOST_ROWS:
                    raise Invalid(BROKEN)
                last = number
                empty += sum(cell["value"] is None for cell in cells)
                if empty > MOST_EMPTY:
                    raise Invalid(TOO_LARGE)
                yield number, self.in_columns(number, cells)

    def in_columns(self, number: int, cells: list[dict[str, Any]]) -> list[Cell]:
        """The cells in their places; whatever stands beyond the last column allowed stands in one more."""
        placed: list[Cell] = []
        for cell in cells:
            if cell["value"] is None:
                continue
            place = min(cell["column"], self.max_columns + 1) - 1
            placed += [NOTHING] * (place + 1 - len(placed))
            placed[place] = cell["value"], problem_with(cell, f"{get_column_letter(cell['column'])}{number}")
        return placed


def refuse_merged(element: Element) -> None:
    """All but the first of merged cells are empty: nobody can say what was meant by the others."""
    where = element.get("ref", "")[:40]
    raise Invalid(f"The cells {where} are merged. Unmerge them, so that every row has its own values.")


def problem_with(cell: dict[str, Any], where: str) -> str | None:
    if cell["data_type"] == "f":
        return f"Cell {where} is a formula. Paste it as a value."
    if cell["data_type"] == "e":
        return f"Cell {where} holds the error {cell['value']}."
    return None


def elements(source: IO[bytes], *, below: int) -> Iterator[Element]:
    """The elements that are so many levels below the root, or fewer, each forgotten when the next one is asked for.

    Raises Invalid when one of them is too large to be held.
    """
    parser: Any = XMLPullParser(("start", "end"))
    path: list[Element] = []
    nodes = unfinished = 0
    while piece := source.read(PIECE):
        parser.feed(piece)
        unfinished += len(piece)
        for event, element in parser.read_events():
            unfinished = 0
            if event == "start":
                path.append(element)
                nodes += 1
                if nodes > MOST_NODES:
                    raise Invalid(TOO_LARGE)
                continue
            path.pop()
            if 0 < len(path) <= below:
                if len(path) == below:
                    yield element
                path[-1].clear()
                nodes = 0
        if unfinished > LONGEST_NODE:
            raise Invalid(TOO_LARGE)
    parser.close()
