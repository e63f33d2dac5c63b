"""What one version of an article says otherwise than another, line by line."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from knowledge_base.models import ArticleVersion

CONTEXT = 2  # lines around a change
LONGEST = 4_000  # lines; beyond, comparing would take too long
FIELDS = {
    "title": "Title",
    "content": "Text",
    "excerpt": "Excerpt",
    "tags": "Tags",
    "seo_title": "Title for search engines",
    "seo_description": "Description for search engines",
    "status": "Status",
}


@dataclass(frozen=True)
class Line:
    """A line that was added (`+`), removed (`-`), kept (a blank), or left out (`…`)."""

    sign: str
    text: str


def lines_of(version: ArticleVersion | None, name: str) -> list[str]:
    value = getattr(version, name) if version else None
    if isinstance(value, list):
        value = ", ".join(value)
    return (value or "").splitlines()


def compared(before: ArticleVersion | None, after: ArticleVersion) -> list[tuple[str, list[Line]]]:
    """The fields that differ, each with its lines."""
    found = [(label, lines_between(lines_of(before, name), lines_of(after, name))) for name, label in FIELDS.items()]
    return [(label, lines) for label, lines in found if any(line.sign in "+-" for line in lines)]


def lines_between(old: list[str], new: list[str]) -> list[Line]:
    if old == new:
        return []
    if max(len(old), len(new)) > LONGEST:
        return [Line("-", f"{len(old)} lines"), Line("+", f"{len(new)} lines, too many to compare")]
    lines: list[Line] = []
    # Lines that stand everywhere, such as empty ones, are no landmarks: with them a thousand equal lines take minutes.
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT):
        if lines or group[0][1] or group[0][3]:
            lines.append(Line("…", ""))
        for kind, old_begin, old_end, new_begin, new_end in group:
            if kind == "equal":
                lines += [Line(" ", text) for text in old[old_begin:old_end]]
            else:
                lines += [Line("-", text) for text in old[old_begin:old_end]]
                lines += [Line("+", text) for text in new[new_begin:new_end]]
    return lines
