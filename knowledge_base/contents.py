"""A table of contents for an article, and the anchors that it leads to."""

import re
from dataclasses import dataclass
from html import unescape

from django.utils.safestring import SafeString, mark_safe

from .slugs import slug_of

HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
# Pages allow no styles in attributes.
ALIGNED = re.compile(r'<(t[hd]) style="text-align:\s?(left|center|right);?">')
TOP = 2  # the title of the article is the h1 of its page
DEEPEST = 4
MAX_LISTED = 30


@dataclass(frozen=True)
class Heading:
    anchor: str
    text: str
    depth: int  # 0 for the topmost of the article


def with_contents(html: str) -> tuple[SafeString, list[Heading]]:
    """The HTML that markdown.to_html made, with anchors, headings below the page's own, and tables that scroll.

    It is safe as it is: what is added are digits, letters and hyphens.
    """
    levels = sorted({int(level) for level, _ in HEADING.findall(html)})
    taken: set[str] = set()
    found: list[Heading] = []

    def anchored(match: re.Match[str]) -> str:
        depth = levels.index(int(match[1]))
        text = unescape(TAG.sub("", match[2])).strip()
        heading = Heading(free_anchor(text, taken), text, depth)
        if text:
            found.append(heading)
        level = min(TOP + depth, 6)
        return f'<h{level} id="{heading.anchor}">{match[2]}</h{level}>'

    changed = HEADING.sub(anchored, html)
    aligned = ALIGNED.sub(r'<\1 class="to-\2">', changed)
    scrolling = aligned.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace(
        "</table>", "</table></div>"
    )
    listed = [heading for heading in found if heading.depth < DEEPEST - TOP + 1]
    return mark_safe(scrolling), listed[:MAX_LISTED]  # noqa: S308 - cleaned by markdown.to_html


def free_anchor(text: str, taken: set[str]) -> str:
    """An anchor that no other heading has; never one of the ids of the page around it."""
    stem = f"s-{slug_of(text)[:60]}"
    anchor, number = stem, 1
    while anchor in taken:
        number += 1
        anchor = f"{stem}-{number}"
    taken.add(anchor)
    return anchor
