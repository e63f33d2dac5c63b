"""What counts as a word, wherever people search: the same on every database, and in every alphabet.

Case and accents are folded, everything but letters and digits separates. Scripts without spaces are cut into pairs of
neighbouring signs, so that any part of a sentence can be found.

>>> words_of("Überfall, NAÏVE co-op!"), words_of("全額退款")
(['uberfall', 'naive', 'co', 'op'], ['全額', '額退', '退款', '款'])
"""

import re
from functools import lru_cache
from itertools import chain
from unicodedata import combining, normalize

from .errors import Invalid

MAX_WORD = 64  # characters that count of a word
MAX_QUERY = 200  # characters
MAX_WORDS = 8  # in a query
RUN = re.compile(r"[^\W_]+")
# Han, kana, Thai, Lao, Khmer and Myanmar are written without spaces.
WITHOUT_SPACES = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+)"
)


def fold(text: str) -> str:
    """A text without case and accents."""
    if text.isascii():
        return text.lower()
    return "".join(sign for sign in normalize("NFKD", text.casefold()) if not combining(sign)).casefold()


def words_of(text: str) -> list[str]:
    """The words of a text in their order."""
    folded = fold(text)
    if folded.isascii():
        return [run[:MAX_WORD] for run in RUN.findall(folded)]
    found: list[str] = []
    for run in RUN.findall(folded):
        if run.isascii():
            found.append(run[:MAX_WORD])
        else:
            found.extend(parts_of(run))
    return found


@lru_cache(maxsize=10_000)
def parts_of(run: str) -> tuple[str, ...]:
    parts: list[str] = []
    for place, part in enumerate(WITHOUT_SPACES.split(run)):
        if place % 2:
            # The last sign stands alone as well: a single sign finds whatever begins with it.
            parts.extend(part[start : start + 2] for start in range(len(part)))
        elif part:
            parts.append(part[:MAX_WORD])
    return tuple(parts)


def vocabulary(*texts: str | None) -> str:
    """Every word of some texts once, as search tables keep them."""
    return " ".join(dict.fromkeys(chain.from_iterable(words_of(text) for text in texts if text)))


def asked_words(query: str, name: str = "q") -> list[str]:
    """The words somebody searches for; raises Invalid when they are too many."""
    if len(query) > MAX_QUERY:
        raise Invalid(f"{name} can have {MAX_QUERY} characters at most.")
    if len(query.split()) > MAX_WORDS:
        raise Invalid(f"{name} takes at most {MAX_WORDS} words.")
    return words_sought(query)


def words_sought(query: str) -> list[str]:
    """The words of a query, each once. Quotes, operators and other signs have no meaning: they separate."""
    words: list[str] = []
    for run in RUN.findall(fold(query)):
        parts = words_of(run)
        # Of pairs the last sign is no word of its own.
        words.extend(
            parts[:-1] if len(parts) > 1 and len(parts[-1]) == 1 and WITHOUT_SPACES.match(parts[-1]) else parts
        )
    return list(dict.fromkeys(words))


def matches(word: str, asked: str) -> bool:
    """Whether a word of a text is one that somebody asked for."""
    return word == asked if is_exact(asked) else word.startswith(asked)


def is_exact(word: str) -> bool:
    """Numbers, and what ends in one, find only themselves: order 12 is not order 120."""
    return word[-1].isdigit()
