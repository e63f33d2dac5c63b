"""Sheets that no spreadsheet program writes: they cost little, harm nobody, and lose no row silently."""

import io
import zipfile
from collections.abc import Callable
from weakref import ref

import pytest
from openpyxl import Workbook

from helpdesk.errors import Invalid
from transfers import sheets, spreadsheets

Edit = Callable[[str], str]


SHARED = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</sst>'

SHARED_TYPE = (
    '<Override PartName="/xl/sharedStrings.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)


def workbook(edit: Edit = lambda xml: xml, texts: str = "") -> io.BytesIO:
    """A sheet of two rows whose XML has been edited, and the texts its cells share."""
    book, made, edited = Workbook(), io.BytesIO(), io.BytesIO()
    book.active.append(["email", "name"])
    book.active.append(["a@example.com", "Ann"])
    book.save(made)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(edited, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            text = source.read(part).decode()
            if part == "xl/worksheets/sheet1.xml":
                text = edit(text)
            elif part == "[Content_Types].xml":
                text = text.replace("</Types>", f"{SHARED_TYPE}</Types>")
            target.writestr(part, text)
        target.writestr("xl/sharedStrings.xml", SHARED.format(texts))
    return edited


def read(file: io.BytesIO) -> list[tuple[int, list[str | None], str | None]]:
    return list(spreadsheets.read(file, max_columns=5))


def more_rows(xml: str) -> Edit:
    return lambda sheet: sheet.replace("</sheetData>", f"{xml}</sheetData>")


def behind_the_rows(xml: str) -> Edit:
    return lambda sheet: sheet.replace("</sheetData>", f"</sheetData>{xml}")


def test_rows_that_are_left_out_are_not_made_up() -> None:
    file = workbook(more_rows('<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>z@example.com</t></is></c></row>'))
    assert [(number, cells[0]) for number, cells, _ in read(file)] == [
        (1, "email"),
        (2, "a@example.com"),
        (1048576, "z@example.com"),
    ]


def test_codes_of_half_characters_stay_text_and_escaped_codes_are_text_again() -> None:
    file = workbook(
        more_rows('<row r="3"><c r="A3" t="s"><v>0</v></c></row>'),
        texts="<si><r><t>A_xD800_B</t></r><r><t>_x005F_x000D_C</t></r><rPh><t>sound</t></rPh></si>",
    )
    assert read(file)[2][1] == ["A_xD800_B_x000D_C"]


def test_cells_far_to_the_right_are_surplus_cells() -> None:
    file = workbook(more_rows('<row r="3"><c r="XFD3"><v>1</v></c></row>'))
    assert read(file)[2][1] == ["", "", "", "", "", "1"]


REFUSED: list[tuple[str, Edit, str]] = [
    ("rows beyond a sheet", more_rows('<row r="99999999999"/>'), sheets.BROKEN),
    ("a row twice", more_rows('<row r="2"><c r="A2"><v>1</v></c></row>'), sheets.BROKEN),
    ("merged, in single quotes", behind_the_rows("<mergeCells><mergeCell ref='A1:A2'/></mergeCells>"), "A1:A2"),
    ("a row of very many cells", more_rows("<row>" + "<c/>" * 300_000 + "</row>"), sheets.TOO_LARGE),
    ("very deep", behind_the_rows("<a>" * 300_000 + "</a>" * 300_000), sheets.TOO_LARGE),
    (
        "a very long text",
        more_rows(f"<row><c t='inlineStr'><is><t>{'x' * 5_000_000}</t></is></c></row>"),
        sheets.TOO_LARGE,
    ),
]


@pytest.mark.parametrize(("edit", "sentence"), [(edit, text) for _, edit, text in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_cannot_be_a_sheet_is_refused(edit: Edit, sentence: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read(workbook(edit))
    assert sentence in refusal.value.sentence


def test_millions_of_cells_with_nothing_in_them_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_EMPTY", 3)
    read(workbook(more_rows('<row r="3"><c r="A3"/><c r="B3"/><c r="C3"/></row>')))
    with pytest.raises(Invalid, match="too large"):
        read(workbook(more_rows('<row r="3"><c r="A3"/><c r="B3"/></row><row r="4"><c r="A4"/><c r="B4"/></row>')))


def test_only_so_many_texts_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_TEXTS", 10)
    with pytest.raises(Invalid, match="too large"):
        read(workbook(texts="<si/>" * 11))


def test_a_text_that_many_cells_share_counts_in_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "MOST_CHARACTERS", 100)
    row = '<row r="{}"><c r="A{}" t="s"><v>0</v></c></row>'
    texts = f"<si><t>{'x' * 30}</t></si>"
    assert len(read(workbook(more_rows(row.format(3, 3) + row.format(4, 4)), texts))) == 4
    with pytest.raises(Invalid, match="too large once it is unpacked"):
        read(workbook(more_rows("".join(row.format(n, n) for n in (3, 4, 5))), texts))


def test_what_has_been_read_is_forgotten() -> None:
    sheet = io.BytesIO(b"<worksheet><sheetData>" + b"<row><c/></row>" * 50_000 + b"</sheetData></worksheet>")
    seen = [ref(row) for row in sheets.elements(sheet, below=2)]
    assert len(seen) == 50_000
    assert not any(row() for row in seen)
