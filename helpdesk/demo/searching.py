"""What the tickets of the demo are found by, as tickets.searching would have written it."""

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from uuid import UUID

from accounts.models import User
from helpdesk.words import words_of
from tickets.searching import words_of_customer

from .cast import Rows
from .writers import Row

SEARCH_COLUMNS = ("ticket_id", "number", "customer", "public", "internal")


def search_rows(rows: Rows) -> Iterator[Row]:
    """One row for each of these tickets."""
    said: dict[tuple[str, int], list[str]] = defaultdict(list)
    for _, ticket, _, content, internal, _, _ in rows.replies:
        said[ticket, internal].append(content)
    for _, ticket, _, content, *_ in rows.notes:
        said[ticket, 1].append(content)
    people = User.objects.filter(pk__in={UUID(row[7]) for row in rows.tickets}).values_list("pk", "name", "email")
    customers = {key.hex: words_of_customer(name, email) for key, name, email in people}
    for ticket, number, subject, description, *rest in rows.tickets:
        public = vocabulary(f"{number} nr{number}", subject, description, *said[ticket, 0])
        yield ticket, number, customers[rest[3]], public, vocabulary(*said[ticket, 1])


def vocabulary(*texts: str) -> str:
    return " ".join(dict.fromkeys(chain.from_iterable(map(words, texts))))


@lru_cache(maxsize=20_000)
def words(text: str) -> tuple[str, ...]:
    """Agents repeat themselves."""
    return tuple(words_of(text))
