"""Uploads of every kind as one stream of rows: JSON rows, CSV in the encodings people have, XLSX, JSON files."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from helpdesk.api.text import check_json, check_text
from helpdesk.errors import Invalid

from . import spreadsheets
from .cells import MAX_CELL, unescaped
from .layouts import CUSTOM, Layout, normal

MAX_COLUMNS = 300
MAX_NAME = 1_000  # characters of the name of a column
MAX_ROW = MAX_OBJECT = 1_000_000  # characters of all cells of a row, and of one object in a JSON file
CUT_AT, CUT = 1_000, " […cut off]"
SAMPLE = 64 * 1024
PIECE = 256 * 1024
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
SPACE = re.compile(r"[ \t\r\n]*")

# The module's limit is there to catch forgotten quotes; an upload is limited already, and a long cell is the problem
# of its row alone.
csv.field_size_limit(2**31 - 1)


@dataclass
class Row:
    """One row of an upload: values by the name of their column, and what is wrong with it already."""

    number: int  # as people count: in a file the header is row 1
    values: dict[str, Any]
    problem: str | None = None


@dataclass
class Upload:
    """What somebody wants to import. `columns` are the names as they were written."""

    rows: Iterable[Row]
    columns: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def from_rows(layout: Layout, data: list[Any]) -> Upload:
    """Rows of a JSON body."""
    return Upload(rows=[json_row(layout, number, one) for number, one in enumerate(data, 1)])


def from_file(layout: Layout, file: IO[bytes], name: str = "") -> Upload:
    """The rows of an uploaded file, which is read as the rows are; raises Invalid when it cannot be understood."""
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    if not start:
        raise Invalid(file="The file is empty.")
    if start.startswith(b"PK"):
        return from_table(layout, spreadsheets.read(file, MAX_COLUMNS), blank_tail=True)
    if start.startswith(OLD_EXCEL):
        raise Invalid(file="This is a spreadsheet of the old format, or has a password. Save it as XLSX or CSV.")
    if name.lower().endswith(".json"):
        return Upload(rows=json_rows(layout, file))
    return from_table(layout, csv_table(file), blank_tail=False)


# --- Tables -------------------------------------------------------------------------------------------

TableRow = tuple[int, list[str | None], str | None]


def from_table(layout: Layout, table: Iterator[TableRow], *, blank_tail: bool) -> Upload:
    header: list[str] = []
    for _, cells, _ in table:
        header = [(cell or "").strip() for cell in cells]
        while header and not header[-1]:
            header.pop()
        if header:
            break
    names = [known_name(layout, one) for one in header]
    check_header(layout, header, names)
    rows = table_rows(table, names, blank_tail)
    return Upload(rows=rows, columns=header, ignored=unknown_columns(layout, header))


def unknown_columns(layout: Layout, header: list[str]) -> list[str]:
    return [one for one in header if one and known_name(layout, one) is None]


def check_header(layout: Layout, header: list[str], names: list[str | None]) -> None:
    if len(header) > MAX_COLUMNS:
        raise Invalid(file=f"A file has {MAX_COLUMNS} columns at most.")
    if layout.key not in names:
        raise Invalid(file=f"The first row must name the columns, and one of them must be {layout.key}.")
    for one in header:
        if len(one) > MAX_NAME:
            raise Invalid(file=f"The name of a column has {MAX_NAME} characters at most.")
        check_text(one, "The header")
    found = [name for name in names if name]
    if twice := next((name for name in found if found.count(name) > 1), None):
        raise Invalid(file=f"The column {twice} is there twice.")


def known_name(layout: Layout, header: str) -> str | None:
    name = normal(header)
    if name.startswith(CUSTOM) and len(name) > len(CUSTOM):
        return name
    return name if name == layout.key or name in (layout.readers or {}) else None


def table_rows(table: Iterator[TableRow], names: list[str | None], blank_tail: bool) -> Iterator[Row]:
    for number, cells, problem in table:
        if problem is None and not any(cell is None or cell.strip() for cell in cells):
            continue
        surplus = [cell for cell in cells[len(names) :] if cell is None or cell.strip()]
        if blank_tail and len(cells) < len(names):
            cells = cells + [""] * (len(names) - len(cells))
        # A CSV line that ends early says nothing about the columns it does not reach.
        values = {name: cell for name, cell in zip(names, cells, strict=False) if name and cell is not None}
        if surplus:
            problem = problem or "Has more cells than the header."
        yield holdable(Row(number, values, problem))


def holdable(row: Row) -> Row:
    """The row, with whatever is too long cut off, since a cell of a small file may be a megabyte a thousand times."""
    texts = {name: value for name, value in row.values.items() if isinstance(value, str)}
    row.problem = row.problem or problem_with_cells(texts)
    if sum(map(len, texts.values())) > MAX_ROW:
        row.problem = row.problem or f"Has more than {MAX_ROW} characters."
    elif all(len(value) <= MAX_CELL for value in texts.values()):
        return row
    row.values |= {name: value[:CUT_AT] + CUT for name, value in texts.items() if len(value) > CUT_AT}
    return row


def problem_with_cells(texts: dict[str, str]) -> str | None:
    for name, value in texts.items():
        if len(value) > MAX_CELL:
            return f"{name} has more than {MAX_CELL} characters. Is a closing quote missing?"
        if "\x00" in value:
            return f"{name} contains a NUL character."
    return None


# --- CSV ----------------------------------------------------------------------------------------------


def csv_table(file: IO[bytes]) -> Iterator[TableRow]:
    with decoded(file) as text:
        head = text.readline()
        text.seek(0)
        lines = Lines(text)
        number = 0
        try:
            for number, cells in enumerate(csv.reader(lines, delimiter=max(",;\t", key=head.count)), 1):
                if lines.over:
                    # The reader asked for more within this row: the rest of the file would be lost in one cell.
                    raise Invalid(file=f"Row {number} opens a quote that is never closed.")
                yield number, [unescaped(cell) for cell in cells], None
        except csv.Error as problem:
            raise Invalid(file=f"Row {number + 1} cannot be read: {problem}.") from None


class Lines:
    """The lines of a text, and whether somebody asked for more of them than there are."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text, self.over = text, False

    def __iter__(self) -> Iterator[str]:
        yield from self.text
        self.over = True


@contextmanager
def decoded(file: IO[bytes]) -> Iterator[io.TextIOWrapper]:
    encoding = encoding_of(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield text
    except UnicodeDecodeError:
        raise Invalid(file=f"The file says that it is {encoding.removesuffix('-sig')}, but is not.") from None
    finally:
        if not file.closed:
            text.detach()  # it stays open for whoever gave it


def encoding_of(file: IO[bytes]) -> str:
    """What the bytes are: by their mark, or UTF-8 where they are that, or what Excel writes in western countries."""
    file.seek(0)
    sample = file.read(SAMPLE)
    for mark, encoding in BOMS:
        if sample.startswith(mark):
            return encoding
    if sample.count(0) > len(sample) // 4:
        return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    return next((name for name in ("utf-8", "cp1252") if is_encoded(file, name)), "latin-1")


def is_encoded(file: IO[bytes], encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while piece := file.read(PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


# --- JSON ---------------------------------------------------------------------------------------------


def json_row(layout: Layout, number: int, data: Any) -> Row:
    if not isinstance(data, dict):
        return Row(number, {}, "Must be an object.")
    values: dict[str, Any] = {}
    for header, value in data.items():
        if header in ("customFields", "custom_fields"):
            if not isinstance(value, dict):
                return Row(number, {}, "customFields: Must be an object.")
            values |= {f"{CUSTOM}{name}": inner for name, inner in value.items()}
        elif name := known_name(layout, header):
            values[name] = value
    return holdable(Row(number, values))


def json_rows(layout: Layout, file: IO[bytes]) -> Iterator[Row]:
    """The objects of a JSON array, one after the other, so that the array is never in memory."""
    with decoded(file) as text:
        for number, one in enumerate(json_objects(text), 1):
            try:
                check_json(one)
            except Invalid as refusal:
                yield Row(number, {}, refusal.sentence)
            else:
                yield json_row(layout, number, one)


def json_objects(text: io.TextIOWrapper) -> Iterator[Any]:
    broken = Invalid(file="The file is not a JSON array of objects.")
    decoder = json.JSONDecoder(parse_constant=int)  # NaN and Infinity are no JSON: a ValueError
    buffer = text.read(PIECE)
    place = skip(buffer, 0)
    if buffer[place : place + 1] != "[":
        raise broken
    place, opening = skip(buffer, place + 1), "["
    while True:
        if place + 1 >= len(buffer) and (more := text.read(PIECE)):
            buffer, place = buffer[place:] + more, 0
            place = skip(buffer, place)
            continue
        if buffer[place : place + 1] == "]":
            return
        if opening == ",":
            if buffer[place : place + 1] != ",":
                raise broken
            place = skip(buffer, place + 1)
        try:
            one, end = decoder.raw_decode(buffer, place)
        except (ValueError, RecursionError):
            # Perhaps the object goes on in the next piece.
            more = text.read(PIECE) if len(buffer) - place < MAX_OBJECT else ""
            if not more:
                raise broken from None
            buffer = ("," if opening == "," else "") + buffer[place:] + more
            place = 0
            continue
        yield one
        place, opening = skip(buffer, end), ","


def skip(text: str, place: int) -> int:
    """Past white space."""
    found = SPACE.match(text, place)
    return found.end() if found else place
