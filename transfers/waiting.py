"""Rows on their way: read once, written as a JSON document a line, in portions that one transaction can do."""

import re
import weakref
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile

import orjson

from helpdesk.api.json import dumps
from helpdesk.errors import Invalid

from .reading import Row, Upload

MAX_ROWS = 500_000
MOST_BYTES = 200 * 1024 * 1024  # of all rows: a file repeats a name or a text in few bytes
BATCH = 500  # rows of one transaction …
BATCH_SIZE = 4 * 1024 * 1024  # … or so many bytes, if that is less
IN_MEMORY = 2 * 1024 * 1024  # bytes of rows before they wait on disk
BEGINNING = re.compile(r"\[(\d{1,9}),")  # of every line: the number of its row
UNREADABLE = "This row was damaged while it waited. Import it again."


class Waiting:
    """The rows of an upload, read once and checked as far as the file goes, waiting to be imported."""

    def __init__(self, upload: Upload) -> None:
        """Raises Invalid when the file cannot be read to its end: then nothing is imported."""
        self.columns, self.ignored = upload.columns, upload.ignored
        self.file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - goes with this object
        weakref.finalize(self, self.file.close)
        self.count = size = 0
        seen = dict.fromkeys(self.columns)
        for row in upload.rows:
            self.count += 1
            if self.count > MAX_ROWS:
                raise Invalid(f"An import has {MAX_ROWS} rows at most. Split the file.")
            line = packed(row) + b"\n"
            size += len(line)
            if size > MOST_BYTES:
                raise Invalid("The rows of this file are too large. Split the file.")
            self.file.write(line)
            if not upload.columns and len(seen) < 1_000:
                seen.update(dict.fromkeys(row.values))
        self.columns = list(seen)

    def lines(self) -> Iterator[bytes]:
        self.file.seek(0)
        return iter(self.file)

    def rows(self) -> list[Row]:
        return [unpacked(line) for line in self.lines()]


def packed(row: Row) -> bytes:
    return dumps([row.number, row.values, row.problem])


def unpacked(line: bytes | str) -> Row:
    return Row(*orjson.loads(line))


def lines_of(text: str) -> list[str]:
    """The lines of a chunk. Only a line feed ends one: what else counts as the end of a line may stand in a cell."""
    return [line for line in text.split("\n") if line]


def rows_of(text: str) -> list[Row]:
    """The rows of a chunk. One that cannot be read is said to be so, and keeps no other from being imported."""
    rows = []
    for line in lines_of(text):
        try:
            rows.append(unpacked(line))
        except (ValueError, TypeError):
            rows += without_values(line, UNREADABLE)
    return rows


def without_values(line: str, problem: str) -> list[Row]:
    """The row of a line, which may be damaged, without what it says; none for what has lost its beginning."""
    found = BEGINNING.match(line)
    return [Row(int(found[1]), {}, problem)] if found else []


def portions(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    portion: list[bytes] = []
    size = 0
    for line in lines:
        if portion and (len(portion) >= BATCH or size + len(line) > BATCH_SIZE):
            yield portion
            portion, size = [], 0
        portion.append(line)
        size += len(line)
    if portion:
        yield portion
