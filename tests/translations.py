"""Texts and their translations: what has to be translated, the catalogue in `locale/`, and its compiled form.

`python -m tests.translations` enters new texts into the catalogue, drops those that are gone, and compiles it. It is
plain Python, so a machine without the tools of gettext can do it too.
"""

import ast
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale/de/LC_MESSAGES/django.po"
COMPILED = CATALOGUE.with_suffix(".mo")
SOURCES = ("portal/**/*.py", "*/mails.py", "email_channel/*.py")
TEMPLATES = ("portal/**/*.html", "*/mail/*.html", "*/mail/*.txt")
HEADER = (
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
    "Language: de\n"
    "Plural-Forms: nplurals=2; plural=(n != 1);\n"
)
LITERAL = r"""u?('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
IN_TEMPLATES = re.compile(rf"\b(_|n?p?gettext)\({LITERAL}(?:,\s*{LITERAL})?(?:,\s*{LITERAL})?")
IN_CODE = {
    "_": "gettext",
    "gettext": "gettext",
    "gettext_lazy": "gettext",
    "ngettext": "ngettext",
    "pgettext": "pgettext",
}


@dataclass(frozen=True, order=True)
class Text:
    """What is translated: in a context, where it has one, and with a plural, where it counts something."""

    msgid: str
    context: str = ""
    plural: str = ""


@dataclass
class Entry:
    translations: list[str] = field(default_factory=lambda: [""])
    places: list[str] = field(default_factory=list)


def made_of(function: str, words: list[str]) -> Text:
    if function == "ngettext":
        return Text(words[0], plural=words[1])
    if function == "pgettext":
        return Text(words[1], context=words[0])
    return Text(words[0])


def texts_in_code(source: str) -> Iterator[Text]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IN_CODE:
            words = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if words:
                yield made_of(IN_CODE[node.func.id], words)


def texts_in_template(source: str) -> Iterator[Text]:
    for function, *literals in IN_TEMPLATES.findall(templatize(source)):
        yield made_of(function.replace("_", "gettext", 1), [ast.literal_eval(one) for one in literals if one])


def texts() -> dict[Text, list[str]]:
    """Every text of the pages and mails that customers see, and where it stands."""
    found: dict[Text, list[str]] = {}
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            for text in texts_in_code(path.read_text()):
                found.setdefault(text, []).append(path.relative_to(ROOT).as_posix())
    for pattern in TEMPLATES:
        for path in sorted((ROOT / "templates").glob(pattern)):
            for text in texts_in_template(path.read_text()):
                found.setdefault(text, []).append(path.relative_to(ROOT).as_posix())
    return {text: sorted(set(places)) for text, places in found.items()}


def read() -> dict[Text, Entry]:
    """The catalogue as it stands."""
    found: dict[Text, Entry] = {}
    for block in re.split(r"\n\s*\n", CATALOGUE.read_text() if CATALOGUE.exists() else ""):
        values: dict[str, str] = {}
        last = ""
        for line in block.splitlines():
            if named := re.match(r'(msg\w+(?:\[\d\])?) (".*")$', line):
                last = named[1]
                values[last] = ast.literal_eval(named[2])
            elif line.startswith('"'):
                values[last] += ast.literal_eval(line)
        if values.get("msgid"):
            text = Text(values["msgid"], values.get("msgctxt", ""), values.get("msgid_plural", ""))
            names = ["msgstr[0]", "msgstr[1]"] if text.plural else ["msgstr"]
            found[text] = Entry([values.get(name, "") for name in names])
    return found


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def write(entries: dict[Text, Entry]) -> None:
    blocks = [f'msgid ""\nmsgstr {quoted(HEADER)}']
    for text, entry in sorted(entries.items()):
        lines = [f"#: {place}" for place in entry.places]
        if text.context:
            lines.append(f"msgctxt {quoted(text.context)}")
        lines.append(f"msgid {quoted(text.msgid)}")
        if text.plural:
            lines.append(f"msgid_plural {quoted(text.plural)}")
            lines += [f"msgstr[{number}] {quoted(one)}" for number, one in enumerate(entry.translations)]
        else:
            lines.append(f"msgstr {quoted(entry.translations[0])}")
        blocks.append("\n".join(lines))
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_text("\n\n".join(blocks) + "\n")


def compiled(entries: dict[Text, Entry]) -> bytes:
    """The catalogue as gettext reads it: a table of offsets, sorted by key, and the words behind it."""
    pairs = {"": HEADER}
    for text, entry in entries.items():
        if all(entry.translations):
            key = f"{text.context}\x04{text.msgid}" if text.context else text.msgid
            pairs[f"{key}\0{text.plural}" if text.plural else key] = "\0".join(entry.translations)
    rows = sorted((key.encode(), value.encode()) for key, value in pairs.items())
    start = 28 + 16 * len(rows)
    keys, values = b"", b""
    key_table, value_table = [], []
    for row in rows:
        key_table.append((len(row[0]), start + len(keys)))
        keys += row[0] + b"\0"
    for row in rows:
        value_table.append((len(row[1]), start + len(keys) + len(values)))
        values += row[1] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(rows), 28, 28 + 8 * len(rows), 0, 0)
    tables = b"".join(struct.pack("<2I", *row) for row in (*key_table, *value_table))
    return head + tables + keys + values


def update() -> None:
    known = read()
    wanted = texts()
    entries = {
        text: Entry(known[text].translations if text in known else ["", ""] if text.plural else [""], places)
        for text, places in wanted.items()
    }
    write(entries)
    COMPILED.write_bytes(compiled(entries))


if __name__ == "__main__":
    update()
