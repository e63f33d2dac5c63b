"""Where searched words stand in a text, for people who look at what was found.

A text is folded sign by sign, so every word of `helpdesk.words` knows the place it came from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from unicodedata import combining

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from .words import MAX_WORD, RUN, WITHOUT_SPACES, fold, matches

MOST_LOOKED_AT = 50_000  # characters of a text
MOST_PLACES = 500
LEAD = 50  # characters of a passage before its first word


@dataclass(frozen=True)
class Highlighted:
    """A text, and the parts of it that somebody searched for; `html` is escaped, with `<mark>` around these."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()

    def parts(self) -> list[tuple[str, bool]]:
        """The text in pieces, and whether each was searched for."""
        found, last = [], 0
        for start, end in self.marks:
            found += [(self.text[last:start], False), (self.text[start:end], True)]
            last = end
        found.append((self.text[last:], False))
        return [part for part in found if part[0]]

    def __str__(self) -> str:
        return self.text

    @property
    def html(self) -> SafeString:
        pieces = (f"<mark>{escape(text)}</mark>" if marked else escape(text) for text, marked in self.parts())
        return mark_safe("".join(pieces))  # noqa: S308 - every piece is escaped


def highlighted(text: str, asked: Sequence[str]) -> Highlighted:
    """The whole text with the asked words, as `asked_words` gives them."""
    return Highlighted(text, merged(found_places(text, asked)))


def passage(text: str, asked: Sequence[str], *, length: int) -> Highlighted:
    """The part of a text, of about so many characters, with most of the asked words; its beginning, if it has none."""
    places = list(islice(found_places(text, asked), MOST_PLACES))
    start = begin_of(text, best(places, length - LEAD)) if places else 0
    end = start + length
    if end < len(text):
        space = text.rfind(" ", start + length // 2, end)
        end = space if space > 0 else end
    before, after = "… " if start else "", " …" if end < len(text) else ""
    marks = merged((begin, stop, word) for begin, stop, word in places if start <= begin and stop <= end)
    by = len(before) - start
    return Highlighted(f"{before}{text[start:end]}{after}", tuple((begin + by, stop + by) for begin, stop in marks))


def begin_of(text: str, place: int) -> int:
    """Where a passage begins that shows this place: at a word, a little before."""
    if place <= LEAD:
        return 0
    space = text.find(" ", place - LEAD, place)
    return space + 1 if space >= 0 else place - LEAD // 5


def best(places: list[tuple[int, int, str]], room: int) -> int:
    """Where the stretch begins that holds most of the words, the first of several."""
    chosen, most = places[0][0], 0
    for index, (start, _, _) in enumerate(places):
        words = set()
        for _, end, word in places[index:]:
            if end - start > room:
                break
            words.add(word)
        if len(words) > most:
            chosen, most = start, len(words)
    return chosen


def found_places(text: str, asked: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    for word, start, end in placed_words(text[:MOST_LOOKED_AT]):
        for wanted in asked:
            if matches(word, wanted):
                yield start, end, wanted
                break


def merged(places: Iterator[tuple[int, int, str]]) -> tuple[tuple[int, int], ...]:
    """Neighbours that touch, such as the pairs of a script without spaces, are one."""
    found: list[tuple[int, int]] = []
    for start, end, _ in places:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def placed_words(text: str) -> Iterator[tuple[str, int, int]]:
    """The words of a text, as `words_of` gives them, and where in the text they begin and end."""
    folded, origin = folded_places(text)

    def place(start: int, end: int) -> tuple[int, int]:
        begin, stop = origin[start], origin[end - 1] + 1
        while stop < len(text) and combining(text[stop]):
            stop += 1
        return begin, stop

    for run in RUN.finditer(folded):
        start = run.start()
        if run.group().isascii():
            yield run.group()[:MAX_WORD], *place(start, run.end())
            continue
        for number, part in enumerate(WITHOUT_SPACES.split(run.group())):
            end = start + len(part)
            if number % 2:
                for sign in range(len(part)):
                    yield part[sign : sign + 2], *place(start + sign, min(start + sign + 2, end))
            elif part:
                yield part[:MAX_WORD], *place(start, end)
            start = end


def folded_places(text: str) -> tuple[str, Sequence[int]]:
    """A text without case and accents, and for each of its signs the place of the one it came from."""
    if text.isascii():
        return text.lower(), range(len(text))
    signs: list[str] = []
    origin: list[int] = []
    for place, sign in enumerate(text):
        folded = folded_sign(sign)
        signs.append(folded)
        origin.extend([place] * len(folded))
    return "".join(signs), origin


@lru_cache(maxsize=10_000)
def folded_sign(sign: str) -> str:
    return fold(sign)
