"""Markdown as safe HTML: the one place where what people wrote becomes part of a page.

HTML in the text is shown as text. What the renderer writes is cleaned once more by a sanitiser with a short list of
what is allowed, so that a mistake of one is caught by the other.
"""

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p",
    "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "code": {"class"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
}
SCHEMES = {"http", "https", "mailto", "tel"}
MAX_NESTING = 20  # of quotes and lists: nobody reads deeper, and some inputs ask for thousands

_parser = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    url_schemes=SCHEMES,
    link_rel="noopener noreferrer nofollow",
    filter_style_properties={"text-align"},
)


def to_html(text: str) -> str:
    """The HTML of a Markdown text, safe to put into a page as it is."""
    return _cleaner.clean(_parser.render(text))


def to_text(text: str) -> str:
    """What a reader of a Markdown text sees, on one line; it is no HTML, so it is escaped where it is shown."""
    pieces = (piece for token in _parser.parse(text) for piece in said_by(token))
    return " ".join("".join(pieces).split())


def said_by(token: Token) -> list[str]:
    if token.type == "inline":
        return [piece for child in token.children or [] for piece in said_by(child)]
    if token.type in ("softbreak", "hardbreak") or (token.nesting == -1 and token.block):
        return [" "]
    # An image says its description.
    return [token.content, " "] if token.block else [token.content]
